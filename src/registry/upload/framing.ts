import type { HostProfile } from './host-profile.ts';
import type { Framing } from './upload-state.ts';

/** What the user asked for. */
export type PreferredFraming = Exclude<Framing, 'whole'>;

/** A blob of `size` bytes, for a host that this much is known of. */
export interface UploadTerms {
  readonly size: number;
  readonly preferred: PreferredFraming;
  readonly host: HostProfile;
  /** All of it is in memory, and its digest is known. */
  readonly held: boolean;
  /** It may go in one POST: with this registry that is the way, or this upload is to find out. */
  readonly mayPost: boolean;
}

/** What a registry says of its chunks when it opens a session. */
export interface ChunkLimits {
  readonly minChunk?: number;
  readonly maxChunk?: number;
}

const MIB = 2 ** 20;

/** Where nothing asks for less: at 50 ms to the registry, chunks of this size cost no throughput. */
const DEFAULT_CHUNK = 64 * MIB;

/** Smaller ones would make a request of every few bytes. */
const SMALLEST_CHUNK = 64 * 1024;

/** Sessions lost to cut streams after which chunks are tried: a proxy that buffers requests makes a cut harmless. */
const PATIENCE_WITH_STREAMS = 2;

/** How to send; undefined where the limits contradict each other. */
export function chooseFraming(terms: UploadTerms, limits: ChunkLimits = {}): Framing | undefined {
  const { size, preferred, host, held } = terms;
  const { maxChunk = Number.POSITIVE_INFINITY } = limits;
  const fits = size <= host.largestBody;
  if (!host.patches) return fits ? 'whole' : undefined;
  // No longer body than the chunks that were asked for, or that the registry names.
  const most = Math.min(maxChunk, preferred === 'stream' ? maxChunk : preferred);
  if (held && host.wholePuts && fits && size <= most) return 'whole';
  const mayStream = fits && host.streams !== 'never' && size <= maxChunk;
  if (mayStream && (preferred === 'stream' || host.ranges === 'refused') && !worthChunks(host))
    return 'stream';
  const chunk = host.ranges === 'refused' ? undefined : chunkSize(terms, limits);
  if (chunk !== undefined) return chunk;
  if (mayStream) return 'stream';
  return fits && host.ranges === 'refused' ? 'whole' : undefined;
}

/** Whether the rest can be sent in the same session when a stream has ended in good order. */
export function mayEndEarly({ appends, streams, ranges }: HostProfile): boolean {
  return appends && (streams === 'any' || ranges !== 'refused');
}

/** The length of a chunk; undefined where no length is right. */
export function chunkSize(
  { size, preferred, host }: UploadTerms,
  { minChunk = 0, maxChunk = Number.POSITIVE_INFINITY }: ChunkLimits = {},
): number | undefined {
  const least = Math.max(minChunk, host.smallestChunk);
  const most = Math.min(maxChunk, host.largestBody, host.largestChunk, size);
  if (most < Math.min(Math.max(least, SMALLEST_CHUNK), size)) return undefined;
  const wanted = preferred === 'stream' ? DEFAULT_CHUNK : preferred;
  // What the user prefers can be raised to what the registry takes at least.
  return Math.max(Math.min(wanted, most), Math.min(least, size));
}

function worthChunks({ lostStreams, lostChunks, requestMs, ranges }: HostProfile): boolean {
  const hopeful = ranges !== 'refused' && lostChunks === 0 && requestMs === Number.POSITIVE_INFINITY;
  return hopeful && lostStreams >= PATIENCE_WITH_STREAMS;
}
