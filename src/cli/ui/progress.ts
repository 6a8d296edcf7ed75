import type { PushEvent } from '../../index.ts';
import { addSample, type Samples } from './rate.ts';

/** How far a push is: everything that the displays say of it. Plain data. */
export interface Progress {
  /** Undefined until the Hub has said what there is. */
  readonly model: Resolved | undefined;
  readonly running: ReadonlyMap<string, RunningLayer>;
  /** In the order in which they came to their end. */
  readonly finished: readonly FinishedLayer[];
  readonly leftOut: readonly Of<'files-left-out'>[];
  readonly retries: number;
  /** Bytes that came from the Hub, and that were sent, more than once. */
  readonly reread: number;
  readonly resent: number;
  /** Nothing may be asked there before `until`, as `now` counts. */
  readonly hold?: { readonly side: 'hub' | 'target'; readonly until: number } | undefined;
  /** Bytes moved so far, those moved twice counted twice: what the rate is taken from. */
  readonly moved: number;
  readonly samples: Samples;
}

export interface RunningLayer {
  readonly size: number;
  readonly sent: number;
  readonly samples: Samples;
  /** Set while bytes are read that are not sent: how many of how many. */
  readonly reading?: { readonly read: number; readonly size: number } | undefined;
  /** Set while it waits to be tried again; `until` as `now` counts. */
  readonly pause?: { readonly retry: number; readonly until: number } | undefined;
}

export interface FinishedLayer {
  readonly path: string;
  readonly size: number;
  readonly outcome: Of<'layer-done'>['outcome'] | 'failed';
}

type Of<Type extends PushEvent['type']> = Extract<PushEvent, { type: Type }>;

type Resolved = Of<'model-resolved'>;

export const NOTHING_YET: Progress = {
  model: undefined,
  running: new Map(),
  finished: [],
  leftOut: [],
  retries: 0,
  reread: 0,
  resent: 0,
  moved: 0,
  samples: [],
};

/** The progress after `event`. Pure; `now` in milliseconds, monotonic. */
export function advance(progress: Progress, event: PushEvent, now: number): Progress {
  switch (event.type) {
    case 'model-resolved':
      return { ...progress, model: event };
    case 'files-left-out':
      return { ...progress, leftOut: [...progress.leftOut, event] };
    case 'request-retrying':
      return { ...hold(progress, event, now), retries: progress.retries + 1 };
    case 'requests-held':
      return hold(progress, event, now);
    case 'layer-started':
      return run(move(progress, 0, now), event.path, {
        size: event.size,
        sent: 0,
        samples: [{ at: now, bytes: 0 }],
      });
    case 'layer-resumed':
      return run(progress, event.path, {
        size: event.size,
        sent: event.offset,
        samples: [{ at: now, bytes: event.offset }],
      });
    case 'layer-rereading':
      return reread(progress, event);
    case 'layer-progress':
      return send(progress, event, now);
    case 'layer-retrying':
      return pause(progress, event, now);
    case 'layer-cost': {
      const { reread, resent } = event;
      return { ...progress, reread: progress.reread + reread, resent: progress.resent + resent };
    }
    case 'layer-done':
      return finish(progress, event, now);
    case 'layer-failed':
      return end(progress, {
        path: event.path,
        size: progress.running.get(event.path)?.size ?? 0,
        outcome: 'failed',
      });
    case 'warning':
    case 'credentials-chosen':
    case 'manifest-pushed':
    case 'tag-found':
    case 'tag-pushed':
      return progress;
  }
}

/** Bytes of all layers that are at the target, or on their way. */
export function bytesSent({ running, finished }: Progress): number {
  let sent = 0;
  for (const layer of running.values()) sent += layer.sent;
  for (const { size, outcome } of finished) if (outcome !== 'failed') sent += size;
  return sent;
}

export interface Tally {
  readonly layers: number;
  readonly bytes: number;
}

/** How many layers ended so. */
export function tally({ finished }: Progress, wanted: FinishedLayer['outcome']): Tally {
  const sizes = finished.filter(({ outcome }) => outcome === wanted).map(({ size }) => size);
  return { layers: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** What somebody sits before and wonders. */
const LONG_HOLD_MS = 3_000;

/** The one that ends last counts: two sides seldom hold us back at once. */
function hold(
  progress: Progress,
  { side, delayMs }: Of<'requests-held' | 'request-retrying'>,
  now: number,
): Progress {
  const until = now + delayMs;
  if (delayMs < LONG_HOLD_MS) return progress;
  return until > (progress.hold?.until ?? 0) ? { ...progress, hold: { side, until } } : progress;
}

function run(progress: Progress, path: string, layer: RunningLayer): Progress {
  return { ...progress, running: new Map(progress.running).set(path, layer) };
}

function send(progress: Progress, { path, sent, size }: Of<'layer-progress'>, now: number): Progress {
  const before = progress.running.get(path);
  // What the registry lost is sent again: the rate of before says nothing about the bytes from here on.
  const samples = before === undefined || sent < before.sent ? [] : before.samples;
  const layer = { size, sent, samples: addSample(samples, { at: now, bytes: sent }) };
  return run(move(progress, sent - (before?.sent ?? 0), now), path, layer);
}

function reread(progress: Progress, { path, read, size }: Of<'layer-rereading'>): Progress {
  const layer = progress.running.get(path);
  return layer === undefined ? progress : run(progress, path, { ...layer, reading: { read, size } });
}

function pause(progress: Progress, event: Of<'layer-retrying'>, now: number): Progress {
  const layer = progress.running.get(event.path);
  const counted = { ...progress, retries: progress.retries + 1 };
  if (layer === undefined) return counted;
  return run(counted, event.path, {
    ...layer,
    pause: { retry: event.retry, until: now + event.delayMs },
  });
}

function finish(progress: Progress, { path, size, outcome }: Of<'layer-done'>, now: number): Progress {
  const sent = progress.running.get(path)?.sent ?? 0;
  const moved = outcome === 'uploaded' ? move(progress, size - sent, now) : progress;
  return end(moved, { path, size, outcome });
}

function end(progress: Progress, layer: FinishedLayer): Progress {
  const running = new Map(progress.running);
  running.delete(layer.path);
  return { ...progress, running, finished: [...progress.finished, layer] };
}

function move(progress: Progress, bytes: number, now: number): Progress {
  const moved = progress.moved + Math.max(0, bytes);
  return { ...progress, moved, samples: addSample(progress.samples, { at: now, bytes: moved }) };
}
