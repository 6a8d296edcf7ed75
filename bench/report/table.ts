import type { Results, ScenarioResult, StartUp } from '../results.ts';
import { type ContenderName, unitOf } from '../scenario.ts';
import { median } from '../statistics.ts';
import { type Failure, type Ratio, ratio, type Summary, summarize } from './summary.ts';

/** The results as Markdown: the ratios of ours first, then every figure. */
export function table(results: Results): string {
  const played = results.scenarios;
  return [
    '# Benchmark',
    about(results),
    ...ratios(played),
    ...(results.startUp ? ['## Start-up', startUp(results.startUp)] : []),
    ...(played.length > 0 ? [ALL_FIGURES, ...played.map(figures)] : []),
    ...(results.notes.length > 0 ? ['## Left out', list(results.notes)] : []),
    '',
  ].join('\n\n');
}

const ALL_FIGURES = `## All figures

Medians, with the least and the most of all rounds in brackets; the peak of memory is the most. × is the speed, and the
processor time, as a multiple of the relay's and of Python 0.4.1's. Requests are those to the Hub and to the registry.`;

function about({ date, commit, machine, source, contenders }: Results): string {
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`;
  const lines = [
    `${date}, commit ${commit}`,
    `${machine.cores} × ${machine.cpu}, ${memory}, ${machine.system}, Node ${machine.node}`,
    `servers and clients share these cores; the Hub's storage: ${source}`,
    ...Object.entries(contenders).map(([name, version]) => `${name}: ${version}`),
  ];
  return list(lines);
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [head, line, ...rows].map(row).join('\n');
}

function ratios(played: readonly ScenarioResult[]): readonly string[] {
  const others: readonly ContenderName[] = ['relay', 'python-0.4.1', 'python-1.3.0', 'skopeo'];
  const rows = played.flatMap((result) => {
    const summaries = summarize(result);
    const found = others.map((other) => ratio(summaries, 'ours', other));
    return found.every((one) => one === undefined) ? [] : [[result.scenario.about, ...found.map(ratioCell)]];
  });
  if (rows.length === 0) return [];
  return [
    '## Ours beside the others',
    'Speed: how many times as fast. CPU: how many times the processor time. Medians of one run, in which all took turns.',
    grid(['speed (CPU) of ours against', ...others], rows),
  ];
}

function ratioCell(found: Ratio | undefined): string {
  return found === undefined ? '' : `${times(found.speed)} (${times(found.cpu)})`;
}

function times(factor: number): string {
  return `${factor.toFixed(factor < 10 ? 2 : 1)} ×`;
}

function figures(result: ScenarioResult): string {
  const { name, about } = result.scenario;
  const summaries = summarize(result);
  const unit = unitOf(result.scenario);
  const ratios = ['× relay', '× 0.4.1'];
  const head = ['', 'seconds', unit.rate, ...ratios, unit.cpu, ...ratios, 'peak RSS', 'requests'];
  const rows = summaries.map((summary) =>
    'failure' in summary ? failureRow(summary, head.length) : figureRow(summary, summaries),
  );
  return `### ${about}\n\n\`${name}\`\n\n${grid(head, rows)}`;
}

function failureRow({ contender, failure }: Failure, columns: number): string[] {
  const cells = [contender, `failed: ${failure.replaceAll(/[\s|]+/g, ' ').slice(0, 200)}`];
  return [...cells, ...Array.from({ length: columns - cells.length }, () => '')];
}

function figureRow(summary: Summary, all: readonly (Summary | Failure)[]): string[] {
  const { contender, seconds, rate, cpu, user, system, peakRssBytes } = summary;
  const [relay, python] = [ratio(all, contender, 'relay'), ratio(all, contender, 'python-0.4.1')];
  return [
    contender,
    `${seconds.median.toFixed(2)} (${seconds.least.toFixed(2)}–${seconds.most.toFixed(2)})`,
    rate.median.toFixed(0),
    relay === undefined ? '' : relay.speed.toFixed(2),
    python === undefined ? '' : python.speed.toFixed(2),
    `${cpu.toFixed(2)} (${user.toFixed(2)} + ${system.toFixed(2)})`,
    relay === undefined ? '' : relay.cpu.toFixed(2),
    python === undefined ? '' : python.cpu.toFixed(2),
    peakRssBytes === undefined ? '' : `${(peakRssBytes / 1e6).toFixed(0)} MB`,
    `${summary.hubRequests} + ${summary.registryRequests}`,
  ];
}

function startUp({ rounds, seconds }: StartUp): string {
  const medians = Object.entries(seconds).map(([command, times]) => [command, median(times)] as const);
  const [, bare = Number.NaN] = medians[0] ?? [];
  const rows = medians.map(([command, time]) => [
    `\`${command}\``,
    `${(time * 1e3).toFixed(1)} ms`,
    times(time / bare),
  ]);
  return `${grid(['', `median of ${rounds}`, 'against bare Node'], rows)}`;
}
