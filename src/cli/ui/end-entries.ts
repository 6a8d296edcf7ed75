import type { CheckedPlan, LeftOut, Transfer } from '../../index.ts';
import { formatSize } from '../../index.ts';
import type { LogEntry } from './log-entry.ts';
import type { Progress } from './progress.ts';
import { count, formatDuration } from './units.ts';

/** Enough to see whether a pattern does what was meant. */
const NAMES_SHOWN = 10;

/** What a push would do. */
export function planEntries({
  layers,
  leftOut,
  tags,
  imageReference,
  refusal,
}: CheckedPlan): readonly LogEntry[] {
  return [
    { kind: 'group', text: `${count(layers.length, 'layer')} (${formatSize(sizeOf(layers))})` },
    ...layers.map(({ path, size }) => row(size, path)),
    { kind: 'group-end' },
    ...leftOut.flatMap(leftOutEntries),
    info(`would be pushed as ${imageReference}, tagged ${tags.join(', ')}`),
    info(
      refusal === undefined
        ? 'dry run: nothing was stored; the target accepts this push'
        : 'dry run: nothing was stored; the target does not accept this push:',
    ),
  ];
}

/** How a push that worked went, in one line. */
export function summaryEntry(
  { finished, retries, reread, resent }: Progress,
  { sent, resumed, existed }: Transfer,
  elapsedMs: number,
): LogEntry {
  const rate = sent === 0 ? '' : ` at ${formatSize(sent / (Math.max(1, elapsedMs) / 1_000))}/s`;
  return info(
    [
      `done in ${formatDuration(elapsedMs)}: ${count(finished.length, 'layer')}, sent ${formatSize(sent)}${rate}`,
      ...(resumed === 0 ? [] : [`${formatSize(resumed)} sent by an earlier run`]),
      ...(existed === 0 ? [] : [`${formatSize(existed)} already existed`]),
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
