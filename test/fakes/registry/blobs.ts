import { type Answer, refuse } from './answer.ts';
import { isDigest, malformedDigest } from './digest.ts';
import type { Exchange, World } from './exchange.ts';

/** `HEAD` and `GET …/blobs/<digest>`, whole or in part. */
export function readBlob(world: World, exchange: Exchange): Answer {
  const { repository, reference } = exchange.entry;
  if (!isDigest(reference)) return refuse(malformedDigest);
  const blob = world.store.blob(repository, reference);
  if (!blob || stillHidden(world, blob.digest)) {
    return refuse({ status: 404, code: 'BLOB_UNKNOWN', message: 'blob unknown to registry' });
  }
  const { digest } = blob;
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    ...(world.personality.etags === 'sent'
      ? { etag: `"${digest}"`, 'cache-control': 'max-age=31536000' }
      : {}),
  };
  const range = exchange.request.headers.range;
  const span = range === undefined ? undefined : spanOf(range, blob.size);
  if (span === 'unsatisfiable') {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${blob.size}` } };
  }
  const { start, end } = span ?? { start: 0, end: blob.size - 1 };
  const partial: Record<string, string> = span
    ? { 'content-range': `bytes ${start}-${end}/${blob.size}` }
    : {};
  const length = { 'content-length': String(end - start + 1) };
  if (exchange.entry.method === 'HEAD') {
    return { status: span ? 206 : 200, headers: { ...headers, ...partial, ...length } };
  }
  if (!blob.bytes) {
    return { status: 500, headers: {}, body: 'the fake registry kept only the hash of this blob\n' };
  }
  return {
    status: span ? 206 : 200,
    headers: { ...headers, ...partial },
    body: blob.bytes.subarray(start, end + 1),
  };
}

export function refuseDelete(): Answer {
  return refuse({ status: 405, code: 'UNSUPPORTED', message: 'The operation is unsupported.' });
}

function stillHidden({ hidden }: World, digest: string): boolean {
  const left = hidden.get(digest) ?? 0;
  if (left > 0) hidden.set(digest, left - 1);
  return left > 0;
}

/** RFC 9110 §14.1.2, one range only; several are answered whole, as §14.2 allows. */
function spanOf(range: string, size: number): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const suffix = match[1] === '';
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = suffix || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start >= size || start > end ? 'unsatisfiable' : { start, end };
}
