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
  /** Until then a connection is taken to be fast, because one was. */
  readonly fastUntil: number;
  /** Refusals before this belong to the one that was heeded. */
  readonly heededUntil: number;
  /** What is being counted, since when. */
  readonly count: Count;
  /** The best rate of the last time. */
  readonly peak: Rate;
  /** Since when it is far below that, although more was wanted. */
  readonly lowSince: number | undefined;
}

interface Count {
  readonly since: number;
  readonly bytes: number;
  readonly readings: number;
  /** Of these, so many by who was hungry. */
  readonly hungry: number;
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
 * What all connections hold together ahead of their readers, where each then holds {@link LEAST_RANGE} at least: eight hold
 * 12 MiB. While their number changes it is somewhat more; a worker may take 16 MiB.
 */
const WINDOW = 8 * 2 ** 20;

/** A smaller range would be a request for too little. */
const LEAST_RANGE = 1.5 * 2 ** 20;

/** A rate is counted over several ranges: they come in their order, and so in gushes. */
const COUNTED = 8 * 2 ** 20;
const LEAST_COUNT_MS = 150;
const MOST_COUNT_MS = 1_000;

/** One more must bring so much more; so many may fail to in a row, since each range begins with a wait. */
const WORTH = 1.05;
const MOST_FRUITLESS = 3;

/** 300 MB/s: a connection that has brought as much lately is not what its reader waits for, however many share that now. */
const FAST = 300_000;

/** What was found out holds for a while. */
const SETTLED_MS = 60_000;
const FED_MS = 2_000;

/** Whoever refused has a reason that does not pass at once. */
const QUIET_MS = 10_000;

/** Requests that were on their way together are refused together. */
const TOGETHER_MS = 1_000;

/** Below this part of its peak for so long, the way is crowded: by us, for all we know. */
const COLLAPSED = 0.25;
const COLLAPSE_MS = 20_000;

const NO_RATE: Rate = { connections: 0, bytesPerMs: 0 };
const NOTHING = { bytes: 0, readings: 0, hungry: 0 };

/** One reader that waited for once says nothing. */
const MOSTLY = 2 / 3;

export function startingLimit(most: number): ConnectionLimit {
  return {
    most,
    allowed: 1,
    climb: undefined,
    climbAt: 0,
    fastUntil: 0,
    heededUntil: 0,
    count: { since: Number.NEGATIVE_INFINITY, ...NOTHING },
    peak: NO_RATE,
    lowSince: undefined,
  };
}

/** How many bytes each connection is asked for ahead of its turn. */
export function rangeSize({ allowed }: Pick<ConnectionLimit, 'allowed'>): number {
  return Math.max(LEAST_RANGE, Math.floor(WINDOW / Math.max(2, allowed)));
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
  const { since } = limit.count;
  const elapsed = now - since;
  const count = {
    since,
    bytes: limit.count.bytes + bytes,
    readings: limit.count.readings + 1,
    hungry: limit.count.hungry + (hungry ? 1 : 0),
  };
  const next = { ...limit, count: { since: now, ...NOTHING } };
  // After a silence there was nothing to read: that says nothing of the Hub.
  if (elapsed > 2 * MOST_COUNT_MS) return { ...next, climb: undefined, lowSince: undefined };
  if (elapsed < LEAST_COUNT_MS || (count.bytes < COUNTED && elapsed < MOST_COUNT_MS))
    return { ...limit, count };
  const bytesPerMs = count.bytes / elapsed;
  const isFast = bytesPerMs >= FAST * Math.max(1, used);
  const fastUntil = isFast ? now + SETTLED_MS : limit.fastUntil;
  const isHungry = count.hungry >= MOSTLY * count.readings && now >= fastUntil;
  return afterCount({ ...next, fastUntil }, { bytesPerMs, isHungry, used, now });
}

/** Half, once for all that were refused together. */
export function afterRefusal(limit: ConnectionLimit, now: number): ConnectionLimit {
  return now < limit.heededUntil ? limit : halved(limit, now);
}

interface Seen {
  readonly bytesPerMs: number;
  readonly isHungry: boolean;
  readonly used: number;
  readonly now: number;
}

function afterCount(limit: ConnectionLimit, seen: Seen): ConnectionLimit {
  const { bytesPerMs, isHungry, used, now } = seen;
  // Fewer who read bring less: that is no collapse.
  const peak = used < limit.peak.connections ? NO_RATE : limit.peak;
  const low = isHungry && bytesPerMs < peak.bytesPerMs * COLLAPSED;
  const lowSince = low ? (limit.lowSince ?? now) : undefined;
  if (lowSince !== undefined && now - lowSince >= COLLAPSE_MS)
    return { ...halved(limit, now), peak: NO_RATE, lowSince: undefined };
  const best = bytesPerMs > peak.bytesPerMs ? { connections: used, bytesPerMs } : peak;
  const next = { ...limit, lowSince, peak: best };
  if (limit.climb !== undefined) return climbing(next, limit.climb, seen);
  if (!isHungry) return next;
  const connections = Math.max(limit.allowed, used);
  if (now < limit.climbAt || connections >= limit.most) return next;
  return {
    ...next,
    allowed: connections + 1,
    climb: { best: { connections, bytesPerMs }, fruitless: 0 },
  };
}

function climbing(
  limit: ConnectionLimit,
  climb: NonNullable<ConnectionLimit['climb']>,
  { bytesPerMs, isHungry, now }: Seen,
): ConnectionLimit {
  const { allowed, most } = limit;
  const isBetter = bytesPerMs > climb.best.bytesPerMs * WORTH;
  const best = isBetter ? { connections: allowed, bytesPerMs } : climb.best;
  const fruitless = isBetter ? 0 : climb.fruitless + 1;
  if (isHungry && allowed < most && fruitless < MOST_FRUITLESS)
    return { ...limit, allowed: allowed + 1, climb: { best, fruitless } };
  // Who is fed may be hungry again soon.
  const climbAt = now + (isHungry ? SETTLED_MS : FED_MS);
  return { ...limit, allowed: best.connections, climb: undefined, climbAt };
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
