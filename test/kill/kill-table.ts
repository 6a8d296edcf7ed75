import type { Round } from './kill-round.ts';
import { describeMoment, type Kill } from './moments.ts';

export interface KillReport {
  readonly name: string;
  readonly seed: number;
  /** One push that nobody disturbed. */
  readonly calm: Round;
  readonly rounds: readonly Round[];
}

/** What each round was, and what its kills cost beyond a push that nobody disturbed. */
export function killTable({ name, seed, calm, rounds }: KillReport): string {
  const costs = rounds.map((round) => ({ read: round.read - calm.read, sent: round.sent - calm.sent }));
  const kills = rounds.flatMap((round) => round.kills);
  const peak = Math.max(0, ...rounds.map(({ peakRssKb }) => peakRssKb));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const head = ['round', 'KILL', 'TERM', 're-read', 're-sent', 'stop', 'RSS', 's', 'flags', 'killed at'];
  const rows = rounds.map((round, at) => [
    String(at + 1),
    String(countOf(round.kills, 'SIGKILL')),
    String(countOf(round.kills, 'SIGTERM')),
    mib(costs[at]?.read ?? 0),
    mib(costs[at]?.sent ?? 0),
    (round.slowestStopMs / 1000).toFixed(1),
    mib(round.peakRssKb * 1024),
    round.seconds.toFixed(1),
    round.flags.filter((flag) => !flag.startsWith('--')).join('/'),
    round.kills.map(describeKill).join(', '),
  ]);
  const [read, sent] = [sum(costs.map((cost) => cost.read)), sum(costs.map((cost) => cost.sent))];
  return [
    '',
    `${name}, KILL_SEED=${seed}: MiB, seconds; flags are workers and MiB a chunk`,
    ...columns([head, ...rows]),
    `${name}: ${rounds.length} rounds, ${countOf(kills, 'SIGKILL')} SIGKILL, ${countOf(kills, 'SIGTERM')} SIGTERM; ` +
      `re-read ${mib(read)} MiB, re-sent ${mib(sent)} MiB, of ${mib(rounds.length * calm.sent)} MiB that were to go; ` +
      `a kill cost ${mib(read / kills.length)} MiB read, ${mib(sent / kills.length)} MiB sent; ` +
      `peak RSS ${mib(peak * 1024)} MiB, undisturbed ${mib(calm.peakRssKb * 1024)} MiB; ` +
      `files left unfinished by SIGKILL: ${sum(rounds.map(({ unfinishedFiles }) => unfinishedFiles))}`,
    '',
  ].join('\n');
}

function countOf(kills: readonly Kill[], signal: Kill['signal']): number {
  return kills.filter((kill) => kill.signal === signal).length;
}

function describeKill({ moment, signal }: Kill): string {
  return `${describeMoment(moment)}${signal === 'SIGTERM' ? ' (T)' : ''}`;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  '));
}
