import { dropBefore } from '../core/bytes.ts';
import { ModelcarError } from '../core/error.ts';
import type { HttpResponse } from '../http/transport.ts';
import type { HubFileName } from './file-place.ts';

/**
 * The bytes from `start` on, out of an answer that may be the whole file: what a server that ignores `Range` sends
 * is read past, not trusted to begin where we asked.
 *
 * @throws ModelcarError `CONTENT_MISMATCH` when the answer is of another length than the file; `UNSUPPORTED` when it
 *   does not say which part of the file it is
 */
export function bodyFrom(
  response: HttpResponse,
  start: number,
  name: HubFileName,
): AsyncIterable<Uint8Array> {
  const { path, size } = name.sibling;
  const { status, headers, body } = response;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ModelcarError('UNSUPPORTED', `cannot read ${path} from the Hub: it comes as ${encoding}`);
  }
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  const from = status === 206 ? partialStart(headers, start, size, length, path) : 0;
  if (length !== undefined && length !== size - from) {
    throw new ModelcarError(
      'CONTENT_MISMATCH',
      `${path} from the Hub is not what the Hub promised: expected ${size} bytes, got ${from + length}`,
      {
        hint: 'Push again; if it happens twice, a proxy or a mirror on the way to the Hub changes the bytes.',
      },
    );
  }
  return dropBefore(start, from, body);
}

/** RFC 9110, section 14.4. Artifactory leaves the header out: then the length has to be exactly that of the rest. */
function partialStart(
  headers: HttpResponse['headers'],
  start: number,
  size: number,
  length: number | undefined,
  path: string,
): number {
  const range = headers['content-range'];
  if (range === undefined && length === size - start) return start;
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range ?? '');
  const total = match?.[3];
  if (match && Number(match[1]) === start && (total === '*' || Number(total) === size)) return start;
  throw new ModelcarError(
    'UNSUPPORTED',
    `cannot read ${path} from the Hub: asked for the bytes from ${start} on, got "${range ?? 'no Content-Range'}"`,
  );
}
