import { chunkSize, type UploadTerms } from './framing.ts';
import type { Framing, UploadState } from './upload-state.ts';

/** Sends the rest of the blob, in the same session if the registry accepts more in it. */
export function sendFrom(
  offset: number,
  location: string,
  framing: Framing,
  terms: UploadTerms,
): UploadState {
  const { size, host } = terms;
  if (offset === size || framing === 'whole') return { phase: 'committing', location, framing, offset };
  const appended = framing === 'stream' && (offset > 0 ? host.streams !== 'any' : host.streams === 'never');
  const fit = appended ? chunkSize(terms) : smaller(framing, host.largestChunk);
  if (fit === undefined || (appended && host.ranges === 'refused')) return { phase: 'opening' };
  const last = typeof fit === 'number' && host.lastChunkInPut && size - offset <= fit;
  return last
    ? { phase: 'committing', location, framing: fit, offset }
    : { phase: 'sending', location, offset, framing: fit };
}

/** A limit that was learned in the middle of a session holds for the rest of it. */
function smaller(framing: Framing, most: number): Framing | undefined {
  if (typeof framing !== 'number') return framing;
  return most === 0 ? undefined : Math.min(framing, most);
}
