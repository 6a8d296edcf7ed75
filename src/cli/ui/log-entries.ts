import type { PushEvent } from '../../index.ts';
import { formatSize } from '../../index.ts';
import type { LogEntry } from './log-entry.ts';
import { bytesSent, type Progress } from './progress.ts';
import { bytesPerSecond, timeLeft } from './rate.ts';
import { count, formatDuration, percentOf } from './units.ts';

/** What a log says of one event. */
export type Narrate = (event: PushEvent, progress: Progress) => readonly LogEntry[];

/** A retry is told when somebody has to wait for it, or when it did not help at once. */
const LONG_WAIT_MS = 5_000;

/**
 * What is said of a push, in all the styles for people. Quiet enough for a model of two hundred files: one line for
 * each layer, and one line of progress for all of them now and then.
 *
 * @param now milliseconds, monotonic
 */
export function createNarrator(now: () => number): Narrate {
  const progressDue = createProgressTimer(now());
  let inLayers = false;
  let anonymousTold = false;

  const layers = (progress: Progress, ...entries: readonly LogEntry[]): readonly LogEntry[] => {
    if (inLayers) return entries;
    inLayers = true;
    const { files = 0, size = 0 } = progress.model ?? {};
    return [{ kind: 'group', text: `Pushing ${count(files, 'layer')} (${formatSize(size)})` }, ...entries];
  };
  const endLayers = (): readonly LogEntry[] => {
    if (!inLayers) return [];
    inLayers = false;
    return [{ kind: 'group-end' }, { kind: 'heading', text: 'Publishing the image' }];
  };

  return (event, progress) => {
    switch (event.type) {
      case 'model-resolved':
        return [info(`${event.model}@${event.revision} is commit ${event.commit}`)];
      case 'files-left-out':
        return [info(`left out: ${count(event.files, 'file')}, ${formatSize(event.size)}: ${event.reason}`)];
      case 'tag-found':
        return [tagFound(event)];
      case 'warning':
        return [{ kind: 'warning', text: event.message }];
      case 'credentials-chosen': {
        const again = anonymousTold && event.origin === undefined;
        anonymousTold ||= event.origin === undefined;
        return again ? [] : [credentials(event)];
      }
      case 'request-retrying':
        return [retry(event, `asking the ${sideName(event.side)} again`)];
      case 'requests-held':
        return [held(event)];
      case 'layer-started':
        return layers(progress, detail(`begun ${event.path} (${formatSize(event.size)})`));
      case 'layer-resumed':
        return layers(progress, info(resumed(event)));
      case 'layer-rereading':
        return progressDue(now()) ? layers(progress, info(rereading(event))) : [];
      case 'layer-progress':
        return progressDue(now()) ? layers(progress, progressLine(progress, now())) : [];
      case 'layer-retrying':
        return layers(progress, retry(event, `retrying ${event.path} at byte ${event.offset}`));
      case 'layer-cost':
        return []; // the summary has the sum of them
      case 'layer-done':
        return layers(progress, ...layerDone(event, progress));
      case 'layer-failed':
        return layers(progress, { kind: 'error', lines: [failed(event)] });
      case 'manifest-pushed':
        return [...endLayers(), info(`pushed manifest ${event.reference}`)];
      case 'tag-pushed':
        return [info(tagPushed(event))];
    }
  };
}

function resumed({ path, offset, size }: PushEvent & { type: 'layer-resumed' }): string {
  if (offset === 0) return `beginning ${path} anew: the registry has lost what an earlier run sent of it`;
  return `going on with ${path} where an earlier run left it: ${formatSize(offset)} of ${formatSize(size)} are there`;
}

function rereading({ path, read, size }: PushEvent & { type: 'layer-rereading' }): string {
  const percent = percentOf(read, size);
  return `reading ${path} up to where it goes on: ${percent}% (${formatSize(read)} of ${formatSize(size)})`;
}

function info(text: string): LogEntry {
  return { kind: 'info', text };
}

function detail(text: string): LogEntry {
  return { kind: 'detail', text };
}

function tagFound({ reference, digest, outlook }: Of<'tag-found'>): LogEntry {
  switch (outlook) {
    case 'moves':
      return info(`${reference} is ${digest} now and will be moved`);
    case 'may-move':
      return info(`${reference} is ${digest} now and will be moved if any file differs`);
    case 'stays':
      return detail(`${reference} is ${digest} now, with the same files`);
  }
}

function tagPushed({ reference, digest, outcome, previous }: Of<'tag-pushed'>): string {
  switch (outcome) {
    case 'set':
      return `tagged ${reference}`;
    case 'existed':
      return `${reference} already is this image`;
    case 'moved':
      return `moved ${reference} from ${previous} to ${digest}`;
  }
}

/** Most messages name the layer, or the file that it is made of. */
function failed({ path, message }: Of<'layer-failed'>): string {
  return message.includes(path) ? `failed: ${message}` : `failed ${path}: ${message}`;
}

type Of<Type extends PushEvent['type']> = Extract<PushEvent, { type: Type }>;

function credentials({ registry, origin }: Of<'credentials-chosen'>): LogEntry {
  return origin === undefined
    ? info(`no credentials for ${registry}: going on as anonymous`)
    : detail(`credentials for ${registry} from ${origin}`);
}

function retry(event: Of<'layer-retrying'> | Of<'request-retrying'>, what: string): LogEntry {
  const { delayMs, retry: n, retries, reason } = event;
  const count = retries === undefined ? `retry ${n}` : `${n} of ${retries}`;
  const text = `${reason}; ${what} ${delayMs >= 1000 ? `in ${formatDuration(delayMs)}` : 'now'} (${count})`;
  return n > 1 || delayMs >= LONG_WAIT_MS ? info(text) : detail(text);
}

function held({ side, delayMs, reason }: Of<'requests-held'>): LogEntry {
  const text = `holding requests to the ${sideName(side)} back for ${formatDuration(delayMs)}: ${reason}`;
  return delayMs >= LONG_WAIT_MS ? info(text) : detail(text);
}

function sideName(side: 'hub' | 'target'): string {
  return side === 'hub' ? 'Hub' : 'target';
}

function layerDone(
  { path, size, outcome, digest }: Of<'layer-done'>,
  { model, finished }: Progress,
): readonly LogEntry[] {
  const all = String(model?.files ?? finished.length);
  const verb = outcome === 'existed' ? 'was there' : 'pushed';
  const number = String(finished.length).padStart(all.length);
  return [
    info(`[${number}/${all}] ${verb} ${path} (${formatSize(size)})`),
    detail(`${' '.repeat(number.length + all.length + 3)} ${digest}`),
  ];
}

/** All layers in one line: with eight of them at once, a line for each would be a flood. */
function progressLine(progress: Progress, now: number): LogEntry {
  const { model, running, samples } = progress;
  const sent = bytesSent(progress);
  const size = model?.size ?? sent;
  const rate = bytesPerSecond(samples, now);
  const left = timeLeft(size - sent, rate);
  const percent = percentOf(sent, size);
  const [[path, layer] = []] = running;
  const what =
    path !== undefined && layer && running.size === 1
      ? `${path}: ${percentOf(layer.sent, layer.size)}%`
      : `${running.size} layers at once`;
  const speed = rate === undefined ? '' : ` at ${formatSize(rate)}/s`;
  const end = left === undefined ? '' : `, ${formatDuration(left)} left`;
  return {
    kind: 'progress',
    percent,
    text: `${percent}% (${formatSize(sent)} of ${formatSize(size)})${speed}${end}; ${what}`,
  };
}

/**
 * Whether a line of progress is due: every 5 s at first, then less and less often up to once a minute, so that the
 * log of a push of hours can still be read, and no CI service takes us for dead.
 */
function createProgressTimer(start: number): (now: number) => boolean {
  let last = start;
  return (now) => {
    const interval = Math.min(60_000, Math.max(5_000, (now - start) / 20));
    if (now - last < interval) return false;
    last = now;
    return true;
  };
}
