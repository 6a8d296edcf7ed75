import { styleText } from 'node:util';
import { formatSize } from '../../index.ts';
import { displayWidth, fitted } from './display-width.ts';
import { printable } from './printable.ts';
import { bytesSent, type Progress, type RunningLayer } from './progress.ts';
import { bytesPerSecond, timeLeft } from './rate.ts';
import { formatDuration, percentOf } from './units.ts';

/** Where it is drawn. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly coloured: boolean;
}

/**
 * What a terminal shows of a push just now: a line for each running layer, one for all of them, and one when
 * everything waits. Every line is
 * shorter than the screen is wide, and there are fewer of them than it has rows, so the cursor can always go back up.
 *
 * @param now milliseconds, as {@link Progress} counts them
 */
export function drawLive(progress: Progress, screen: Screen, now: number): readonly string[] {
  const { model, running, finished } = progress;
  const held = heldRows(progress, now);
  if (model === undefined) return held.map((row) => line(row, screen));
  if (finished.length === model.files)
    return [{ name: 'publishing the image …' }, ...held].map((row) => line(row, screen));
  const layers = [...running].map(([path, layer]) => layerRow(path, layer, now));
  const room = Math.max(0, screen.rows - 3 - held.length);
  const hidden = layers.length - room;
  return [
    ...layers.slice(0, room),
    ...(hidden > 0 ? [{ name: `and ${hidden} more` }] : []),
    totalRow(progress, model, now),
    ...held,
  ].map((row) => line(row, screen));
}

/** Its cells; without `share` it has no more than a name. */
interface Row {
  readonly name: string;
  /** Of the bytes that were sent, 0 to 1. */
  readonly share?: number;
  readonly percent?: string;
  readonly bytes?: string;
  readonly rate?: string;
  readonly left?: string;
}

function heldRows({ hold }: Progress, now: number): readonly Row[] {
  if (hold === undefined || hold.until <= now) return [];
  const who = hold.side === 'hub' ? 'Hub' : 'target';
  return [{ name: `waiting for the ${who}: going on in ${formatDuration(hold.until - now)}` }];
}

function layerRow(path: string, layer: RunningLayer, now: number): Row {
  const { sent, size, pause, reading } = layer;
  const name = printable(path);
  if (reading) return { name, ...amount(reading.read, reading.size), rate: 'reading', left: '' };
  if (pause && sent < size && pause.until > now) {
    const left = `in ${formatDuration(pause.until - now)}`;
    return { name, ...amount(sent, size), rate: `retry ${pause.retry}`, left };
  }
  // More layers than connections to the Hub: this one has none yet.
  if (sent === 0 && size > 0) return { name, ...amount(sent, size), rate: 'waiting', left: '' };
  // A registry may take minutes to hash what it got.
  if (sent >= size) return { name, ...amount(sent, size), rate: 'storing', left: '' };
  return { name, ...amount(sent, size), ...speed(size - sent, bytesPerSecond(layer.samples, now)) };
}

function totalRow(progress: Progress, model: NonNullable<Progress['model']>, now: number): Row {
  const sent = bytesSent(progress);
  const rate = bytesPerSecond(progress.samples, now);
  const name = `${progress.finished.length} of ${model.files} layers`;
  return { name, ...amount(sent, model.size), ...speed(model.size - sent, rate) };
}

function amount(sent: number, size: number): Pick<Row, 'share' | 'percent' | 'bytes'> {
  return {
    share: size === 0 ? 1 : Math.min(1, sent / size),
    percent: `${percentOf(sent, size)}%`,
    bytes: `${formatSize(sent)} of ${formatSize(size)}`,
  };
}

function speed(missing: number, rate: number | undefined): Pick<Row, 'rate' | 'left'> {
  const left = timeLeft(missing, rate);
  return {
    rate: rate === undefined ? '' : `${formatSize(rate)}/s`,
    left: left === undefined ? '' : formatDuration(left),
  };
}

const WIDTHS = { percent: 4, left: 7, rate: 10, bytes: 20 } as const;

type Cell = keyof typeof WIDTHS;

/** What is left out last, first: a narrow screen has room for the name and the percent alone. */
const BY_WORTH: readonly (Cell | 'bar')[] = ['percent', 'left', 'bar', 'rate', 'bytes'];

/** A name may shrink to this before a cell is left out for it. */
const NAME_COLUMNS = 18;

function line(row: Row, { columns, coloured }: Screen): string {
  // A line as wide as the screen makes some terminals wrap.
  const room = Math.max(0, columns - 1);
  if (row.share === undefined) return fitted(row.name, room).trimEnd();
  const bar = columns >= 100 ? 24 : 10;
  const widths = { ...WIDTHS, bar };
  const shown = new Set<Cell | 'bar'>();
  let name = room;
  for (const cell of BY_WORTH) {
    const least = cell === 'percent' ? 1 : NAME_COLUMNS;
    if (name - widths[cell] - 1 < least) break;
    name -= widths[cell] + 1;
    shown.add(cell);
  }
  const cells = [
    fitted(shortened(row.name, name), name),
    shown.has('bar') ? drawBar(row.share, bar, coloured) : undefined,
    ...(['percent', 'bytes', 'rate', 'left'] as const).map((cell) =>
      shown.has(cell) ? alignRight(row[cell] ?? '', widths[cell]) : undefined,
    ),
  ];
  return cells
    .filter((cell) => cell !== undefined)
    .join(' ')
    .trimEnd();
}

/** A shard is told from the next by the beginning of its own name, not by its folder. */
function shortened(path: string, columns: number): string {
  return displayWidth(path) <= columns ? path : path.slice(path.lastIndexOf('/') + 1);
}

function drawBar(share: number, columns: number, coloured: boolean): string {
  const full = Math.floor(share * columns);
  const [done, rest] = ['━'.repeat(full), '─'.repeat(columns - full)];
  if (!coloured) return done + rest;
  const plain = { validateStream: false };
  return styleText('green', done, plain) + styleText('dim', rest, plain);
}

function alignRight(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - displayWidth(text))) + text;
}
