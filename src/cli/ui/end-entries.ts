import type { LeftOut, PushPlan } from '../../index.ts';
import { formatSize } from '../../index.ts';
import type { LogEntry } from './log-entry.ts';
import { type Progress, tally } from './progress.ts';
import { count, formatDuration } from './units.ts';

/** Enough to see whether a pattern does what was meant. */
const NAMES_SHOWN = 10;

/** What a push would do. */
export function planEntries({ layers, leftOut, tags, imageReference }: PushPlan): readonly LogEntry[] {
  return [
    { kind: 'group', text: `${count(layers.length, 'layer')} (${formatSize(sizeOf(layers))})` },
    ...layers.map(({ path, size }) => row(size, path)),
    { kind: 'group-end' },
    ...leftOut.flatMap(leftOutEntries),
    info(`would be pushed as ${imageReference}, tagged ${tags.join(', ')}`),
    info('dry run: nothing was written, and the target was not asked'),
  ];
}

/** How a push that worked went, in one line. */
export function summaryEntry(progress: Progress, elapsedMs: number): LogEntry {
  const pushed = tally(progress, 'uploaded');
  const existed = tally(progress, 'existed');
  const { retries, reread, resent } = progress;
  const rate =
    pushed.bytes === 0 ? '' : ` at ${formatSize(pushed.bytes / (Math.max(1, elapsedMs) / 1_000))}/s`;
  return info(
    [
      `done in ${formatDuration(elapsedMs)}: ${count(pushed.layers, 'layer')} pushed (${formatSize(pushed.bytes)}${rate})`,
      ...(existed.layers === 0
        ? []
        : [`${count(existed.layers, 'layer')} there already (${formatSize(existed.bytes)})`]),
      ...(retries === 0 ? [] : [retries === 1 ? '1 retry' : `${retries} retries`]),
      ...(reread === 0 ? [] : [`${formatSize(reread)} read again`]),
      ...(resent === 0 ? [] : [`${formatSize(resent)} sent again`]),
    ].join(', '),
  );
}

function leftOutEntries({ reason, siblings }: LeftOut): readonly LogEntry[] {
  const more = siblings.slice(NAMES_SHOWN);
  return [
    info(`left out (${reason}): ${count(siblings.length, 'file')}, ${formatSize(sizeOf(siblings))}`),
    ...siblings.slice(0, NAMES_SHOWN).map(({ path, size }) => row(size, path)),
    ...(more.length === 0 ? [] : [row(sizeOf(more), `and ${count(more.length, 'file')} more`)]),
  ];
}

function row(size: number, text: string): LogEntry {
  return info(`${formatSize(size).padStart(9)}  ${text}`);
}

function sizeOf(parts: readonly { readonly size: number }[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

function info(text: string): LogEntry {
  return { kind: 'info', text };
}
