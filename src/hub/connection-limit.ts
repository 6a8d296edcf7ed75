/** How many connections may bring bytes of files at once: what the Hub has shown so far. Plain data. */
export interface ConnectionLimit {
  /** Never more than this. */
  readonly most: number;
  /** So many for now, those included that no reader can do without. */
  readonly allowed: number;
  /** While one more is tried after the other: the number that brought the most, and how many have brought no more since. */
  readonly climb: { readonly best: Rate; readonly fruitless: number } | undefined;
  /** On the clock's `now()`: before it no climb begins. */
  readonly climbAt: number;
  /** Refusals before this belong to the one that was heeded. */
  readonly heededUntil: number;
  /** What is being counted, since when. */
  readonly count: { readonly since: number; readonly bytes: number; readonly isHungry: boolean };
  /** The best rate of the last time. */
  readonly peak: number;
  /** Since when it is far below that, although more was wanted. */
  readonly lowSince: number | undefined;
}

interface Rate {
  readonly connections: number;
  readonly bytesPerMs: number;
}

/** What one reader saw in a while. */
export interface Reading {
  readonly bytes: number;
  /** Whether it has waited for the Hub for a good part of the while. */
  readonly hungry: boolean;
}

/**
 * What all connections hold together ahead of their readers, as long as each holds {@link LEAST_PART} at least: with what
 * else a push needs to have them, within the 16 MiB that a worker may take.
 */
const WINDOW = 12 * 2 ** 20;

/** A smaller part would be a request for too little. */
const LEAST_PART = 1.5 * 2 ** 20;

/** A rate is counted over several parts: they come in their order, and so in gushes. */
const COUNT = 8 * 2 ** 20;
const LEAST_COUNT_MS = 150;
const MOST_COUNT_MS = 1_000;

/** One more must bring so much more; so many may fail to in a row, since each part begins with a wait. */
const WORTH = 1.05;
const MOST_FRUITLESS = 3;

/** What was found out holds for a while. */
const SETTLED_MS = 60_000;

/** Whoever refused has a reason that does not pass at once. */
const QUIET_MS = 10_000;

/** Requests that were on their way together are refused together. */
const TOGETHER_MS = 1_000;

/** Below this part of its peak for so long, the way is crowded: by us, for all we know. */
const COLLAPSED = 0.25;
const COLLAPSE_MS = 20_000;

export function startingLimit(most: number): ConnectionLimit {
  return {
    most,
    allowed: 1,
    climb: undefined,
    climbAt: 0,
    heededUntil: 0,
    count: { since: Number.NEGATIVE_INFINITY, bytes: 0, isHungry: false },
    peak: 0,
    lowSince: undefined,
  };
}

/** How many bytes each connection is asked for ahead of its turn. */
export function partSize({ allowed }: Pick<ConnectionLimit, 'allowed'>): number {
  return Math.max(LEAST_PART, Math.floor(WINDOW / Math.max(2, allowed)));
}

/**
 * One more after the other while somebody is hungry; then the number that brought the most. Half where what comes has
 * collapsed.
 * @param used how many there are
 */
export function afterReading(
  limit: ConnectionLimit,
  { bytes, hungry }: Reading,
  { used, now }: { readonly used: number; readonly now: number },
): ConnectionLimit {
  const { since, bytes: before, isHungry: wasHungry } = limit.count;
  const elapsed = now - since;
  const count = { since, bytes: before + bytes, isHungry: wasHungry || hungry };
  const next = { ...limit, count: { since: now, bytes: 0, isHungry: false } };
  // After a silence there was nothing to read: that says nothing of the Hub.
  if (elapsed > 2 * MOST_COUNT_MS) return { ...next, climb: undefined, lowSince: undefined };
  if (elapsed < LEAST_COUNT_MS || (count.bytes < COUNT && elapsed < MOST_COUNT_MS))
    return { ...limit, count };
  return afterCount(next, { bytesPerMs: count.bytes / elapsed, isHungry: count.isHungry, used, now });
}

/** Half, once for all that were refused together. */
export function afterRefusal(limit: ConnectionLimit, now: number): ConnectionLimit {
  return now < limit.heededUntil ? limit : halved(limit, now);
}

interface Count {
  readonly bytesPerMs: number;
  readonly isHungry: boolean;
  readonly used: number;
  readonly now: number;
}

function afterCount(limit: ConnectionLimit, count: Count): ConnectionLimit {
  const { bytesPerMs, isHungry, used, now } = count;
  const low = isHungry && bytesPerMs < limit.peak * COLLAPSED;
  const lowSince = low ? (limit.lowSince ?? now) : undefined;
  if (lowSince !== undefined && now - lowSince >= COLLAPSE_MS)
    return { ...halved(limit, now), peak: 0, lowSince: undefined };
  const seen = { ...limit, lowSince, peak: Math.max(limit.peak, bytesPerMs) };
  if (!isHungry) return { ...seen, climb: undefined };
  if (limit.climb !== undefined) return climbing(seen, limit.climb, count);
  const connections = Math.max(limit.allowed, used);
  if (now < limit.climbAt || connections >= limit.most) return seen;
  return {
    ...seen,
    allowed: connections + 1,
    climb: { best: { connections, bytesPerMs }, fruitless: 0 },
  };
}

function climbing(
  limit: ConnectionLimit,
  climb: NonNullable<ConnectionLimit['climb']>,
  { bytesPerMs, now }: Count,
): ConnectionLimit {
  const { allowed, most } = limit;
  const isBetter = bytesPerMs > climb.best.bytesPerMs * WORTH;
  const best = isBetter ? { connections: allowed, bytesPerMs } : climb.best;
  const fruitless = isBetter ? 0 : climb.fruitless + 1;
  if (allowed < most && fruitless < MOST_FRUITLESS)
    return { ...limit, allowed: allowed + 1, climb: { best, fruitless } };
  return { ...limit, allowed: best.connections, climb: undefined, climbAt: now + SETTLED_MS };
}

function halved(limit: ConnectionLimit, now: number): ConnectionLimit {
  return {
    ...limit,
    allowed: Math.max(1, Math.floor(limit.allowed / 2)),
    climb: undefined,
    climbAt: now + QUIET_MS,
    heededUntil: now + TOGETHER_MS,
  };
}
