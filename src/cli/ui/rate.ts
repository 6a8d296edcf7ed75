/** Bytes seen at points in time, oldest first. */
export type Samples = readonly Sample[];

export interface Sample {
  /** Milliseconds, monotonic. */
  readonly at: number;
  readonly bytes: number;
}

/** Long enough that a chunk of 8 MiB on a slow line does not make it jump, short enough to follow. */
const WINDOW_MS = 5_000;

/** Samples closer than this say nothing new, and ten layers send a hundred events a second. */
const SPACING_MS = 250;

export function addSample(samples: Samples, sample: Sample): Samples {
  const last = samples.at(-1);
  const beforeLast = samples.at(-2);
  const replaces = last && beforeLast && last.at - beforeLast.at < SPACING_MS;
  const kept = replaces ? samples.slice(0, -1) : samples;
  // The newest of those outside of the window stays: the window begins between it and the next.
  const first = kept.findLastIndex(({ at }) => at <= sample.at - WINDOW_MS);
  return [...kept.slice(Math.max(0, first)), sample];
}

/** Bytes per second over the last seconds; falls while nothing comes. Undefined before it can be told. */
export function bytesPerSecond(samples: Samples, now: number): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || now - first.at < 1_000) return undefined;
  return ((last.bytes - first.bytes) / (now - first.at)) * 1_000;
}

/** Milliseconds; undefined while nothing moves. */
export function timeLeft(bytes: number, rate: number | undefined): number | undefined {
  return rate === undefined || rate < 1 ? undefined : (bytes / rate) * 1_000;
}
