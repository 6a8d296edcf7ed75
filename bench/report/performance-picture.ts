import type { Results, ScenarioResult } from '../results.ts';
import { unitOf } from '../scenario.ts';
import { caption } from './caption.ts';
import { COLOURS, NAMES } from './colours.ts';
import { type Failure, type Summary, summarize } from './summary.ts';
import { bar, FAINT, picture, words } from './svg.ts';

const WIDTH = 860;
const BAR = 13;
const STEP = 17;
const NAMES_END = 150;
const RATE = { from: 160, to: 440 };
const CPU = { from: 540, to: 725 };

/** Throughput and the processor time that it costs, side by side, a group of bars for each scenario. */
export function performancePicture(results: Results): string | undefined {
  const compared = results.scenarios.filter((result) => summarize(result).length > 1);
  const headlines = compared.filter(({ scenario }) => scenario.headline);
  const shown = headlines.length > 0 ? headlines : compared;
  if (shown.length === 0) return undefined;
  const parts = [
    words(20, 30, 'Throughput', { size: 15, weight: 600 }),
    words(RATE.from, 30, 'longer is better', { fill: FAINT }),
    words(CPU.from, 30, 'CPU time of the client', { size: 15, weight: 600 }),
    words(WIDTH - 20, 30, 'shorter is better', { fill: FAINT, anchor: 'end' }),
  ];
  let y = 58;
  for (const result of shown) {
    parts.push(...group(result, y));
    y += 24 + STEP * summarize(result).length + 12;
  }
  parts.push(words(20, y + 4, caption(results), { size: 11, fill: FAINT }));
  return picture(WIDTH, y + 20, parts);
}

function group(result: ScenarioResult, top: number): string[] {
  const summaries = summarize(result);
  const unit = unitOf(result.scenario);
  const good = summaries.filter((summary): summary is Summary => !('failure' in summary));
  const [mostRate, mostCpu] = [
    Math.max(...good.map(({ rate }) => rate.median)),
    Math.max(...good.map(({ cpu }) => cpu)),
  ];
  const title = words(20, top, result.scenario.about, { weight: 600 });
  return [title, ...summaries.flatMap((summary, index) => bars(summary, top + 9 + index * STEP))];

  function bars(summary: Summary | Failure, y: number): string[] {
    const label = y + BAR - 2.5;
    const colour = COLOURS[summary.contender];
    const weight = summary.contender === 'ours' ? 600 : 400;
    const name = words(NAMES_END, label, NAMES[summary.contender], { anchor: 'end', weight });
    if ('failure' in summary) return [name, words(RATE.from, label, 'failed', { fill: FAINT })];
    const { rate, cpu } = summary;
    const [rateWidth, cpuWidth] = [
      ((RATE.to - RATE.from) * rate.median) / mostRate,
      ((CPU.to - CPU.from) * cpu) / mostCpu,
    ];
    return [
      name,
      bar(RATE.from, y, rateWidth, BAR, colour),
      words(RATE.from + rateWidth + 6, label, `${rate.median.toFixed(0)} ${unit.rate}`, { size: 11, weight }),
      bar(CPU.from, y, cpuWidth, BAR, colour),
      words(CPU.from + cpuWidth + 6, label, `${cpu.toFixed(1)} ${unit.cpu.replace('CPU ', '')}`, {
        size: 11,
        weight,
      }),
    ];
  }
}
