import { dropBefore } from '../core/bytes.ts';
import { ModelcarError } from '../core/error.ts';
import { discard, type HttpResponse } from '../http/transport.ts';
import type { HubFileName } from './file-place.ts';

/**
 * The bytes from `start` on, out of an answer that may be the whole file: what a server that ignores `Range` sends
 * is read past, not trusted to begin where we asked.
 *
 * @throws ModelcarError `CONTENT_MISMATCH` when the answer is of another length than the file; `UNSUPPORTED` when it
 *   does not say which part of the file it is
 */
export async function* bodyFrom(
  response: HttpResponse,
  start: number,
  name: HubFileName,
): AsyncGenerator<Uint8Array> {
  let from: number;
  try {
    from = firstByte(response, start, name);
  } catch (error) {
    await discard(response);
    throw error;
  }
  yield* dropBefore(start, from, response.body);
}

/** Where the answer itself says that it ends: a server may give less of a range than was asked for. */
export function endOf({ headers }: HttpResponse, size: number): number {
  const last = parseContentRange(headers)?.last;
  return last === undefined ? size : last + 1;
}

function firstByte({ status, headers }: HttpResponse, start: number, { sibling }: HubFileName): number {
  const { path, size } = sibling;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ModelcarError('UNSUPPORTED', `cannot read ${path} from the Hub: it comes as ${encoding}`, {
      hint: 'A proxy on the way to the Hub compresses what was asked for as it is: go round it.',
    });
  }
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  if (status === 206) return partialStart(headers, start, size, length, path);
  if (length === undefined || length === size) return 0;
  throw new ModelcarError(
    'CONTENT_MISMATCH',
    `${path} from the Hub is not what the Hub promised: expected ${size} bytes, got ${length}`,
    { hint: 'Push again; if it happens twice, a proxy or a mirror on the way to the Hub changes the bytes.' },
  );
}

/** Artifactory leaves the header out: then the length has to be exactly that of the rest. */
function partialStart(
  headers: HttpResponse['headers'],
  start: number,
  size: number,
  length: number | undefined,
  path: string,
): number {
  const header = headers['content-range'];
  if (header === undefined && length === size - start) return start;
  const range = parseContentRange(headers);
  const fits =
    range?.first === start &&
    range.first <= range.last &&
    range.last < size &&
    (range.total === undefined || range.total === size) &&
    (length === undefined || length === range.last + 1 - start);
  if (fits) return start;
  const got = `"${header ?? 'no Content-Range'}" and ${length ?? 'an unknown number of'} bytes`;
  throw new ModelcarError(
    'UNSUPPORTED',
    `cannot read ${path} from the Hub: asked for bytes ${start}-${size - 1}/${size}, got ${got}`,
    { hint: 'A proxy or a mirror on the way to the Hub does not serve ranges as HTTP has them.' },
  );
}

/** RFC 9110, section 14.4. */
function parseContentRange(
  headers: HttpResponse['headers'],
): { first: number; last: number; total: number | undefined } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (match === null) return undefined;
  const [, first, last, total] = match;
  return { first: Number(first), last: Number(last), total: total === '*' ? undefined : Number(total) };
}
