/** Of a PATCH of the bytes from `offset` up to `end`. */
export function patchHeaders(offset: number, end: number, streamed: boolean): Record<string, string> {
  // Streamed as docker, podman and skopeo do: without a length or a range, which is what every registry takes.
  return streamed ? { 'content-type': OCTETS } : { ...rangeHeaders(offset, end), 'content-type': OCTETS };
}

/** Of a PUT, or a POST, with what is left of the blob from `offset` on. */
export function putHeaders(offset: number, size: number): Record<string, string> {
  if (offset === size) return { 'content-length': '0' };
  // The whole blob is not a chunk.
  const headers = offset === 0 ? { 'content-length': String(size) } : rangeHeaders(offset, size);
  return { ...headers, 'content-type': OCTETS };
}

const OCTETS = 'application/octet-stream';

function rangeHeaders(offset: number, end: number): Record<string, string> {
  return { 'content-length': String(end - offset), 'content-range': `${offset}-${end - 1}` };
}
