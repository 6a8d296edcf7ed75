import { dropBefore } from '../core/bytes.ts';
import { ModelcarError } from '../core/error.ts';
import type { Commit, ModelId, Sibling } from '../core/model.ts';
import { presentable } from '../http/presentable.ts';
import { discard, type HttpResponse } from '../http/transport.ts';
import type { RereadTally } from './reread-tally.ts';

/** Which file, at which commit. */
export interface HubFileName {
  readonly id: ModelId;
  readonly commit: Commit;
  readonly sibling: Sibling;
  /** Where to stop reading. Default: the end of the file. */
  readonly end?: number;
}

/** The bytes `start` ≤ x < `end` of a file. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** An answer that carries a file, and which part of it was asked for. */
export interface FileAnswer {
  readonly response: HttpResponse;
  readonly asked: FileRange;
}

/**
 * The bytes that were asked for, out of an answer that may be the whole file: what a server that ignores `Range` sends
 * is read past, not trusted to begin where we asked. What goes on beyond the end that it told is cut off.
 *
 * @throws ModelcarError `CONTENT_MISMATCH` when the answer is of another length than the file; `UNSUPPORTED` when it
 *   does not say which part of the file it is
 */
export async function* bodyFrom(
  answer: FileAnswer,
  name: HubFileName,
  tally: RereadTally,
): AsyncGenerator<Uint8Array> {
  const { response, asked } = answer;
  let from: number;
  try {
    from = firstByte(response, asked, name);
  } catch (error) {
    await discard(response);
    throw error;
  }
  const end = response.status === 206 ? endOf(answer) : Number.POSITIVE_INFINITY;
  yield* dropBefore(asked.start, from, upTo(end, from, response.body));

  async function* upTo(
    last: number,
    first: number,
    chunks: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    let position = first;
    for await (const chunk of chunks) {
      const fitting = Math.min(chunk.length, last - position);
      tally.came(position, position + fitting, asked.start);
      tally.wasted(chunk.length - fitting);
      position += fitting;
      yield fitting < chunk.length ? chunk.subarray(0, fitting) : chunk;
      if (fitting < chunk.length) return;
    }
  }
}

/** Where the answer itself says that it ends: a server may give less of a range than was asked for. */
export function endOf({ response, asked }: FileAnswer): number {
  const last = parseContentRange(response.headers)?.last;
  return last === undefined ? asked.end : last + 1;
}

/** A part that neither says which one it is nor how long (https://github.com/padeoe/hf-mirror-site/issues/31). */
export function isUnknownPart({ status, headers }: HttpResponse): boolean {
  return status === 206 && headers['content-range'] === undefined && headers['content-length'] === undefined;
}

function firstByte(response: HttpResponse, asked: FileRange, { sibling }: HubFileName): number {
  const { status, headers } = response;
  const { path, size } = sibling;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    const what = `cannot read ${path} from the Hub: it comes as ${presentable(encoding, response)}`;
    throw new ModelcarError('UNSUPPORTED', what, {
      hint: 'A proxy on the way to the Hub compresses what was asked for as it is: go round it.',
    });
  }
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  if (status === 206) return partialStart(response, asked, size, length, path);
  if (length === undefined || length === size) return 0;
  throw otherSize(path, size, length);
}

/** Artifactory leaves the header out: then the length has to be exactly that of the range. */
function partialStart(
  response: HttpResponse,
  { start, end }: FileRange,
  size: number,
  length: number | undefined,
  path: string,
): number {
  const header = response.headers['content-range'];
  if (header === undefined && length === end - start) return start;
  const range = parseContentRange(response.headers);
  const fits =
    range?.first === start &&
    range.first <= range.last &&
    range.last < size &&
    (range.total === undefined || range.total === size) &&
    (length === undefined || length === range.last + 1 - start);
  if (fits) return start;
  const got = `"${presentable(header ?? 'no Content-Range', response)}" and ${length ?? 'an unknown number of'} bytes`;
  throw new ModelcarError(
    'UNSUPPORTED',
    `cannot read ${path} from the Hub: asked for bytes ${start}-${end - 1}/${size}, got ${got}`,
    { hint: 'A proxy or a mirror on the way to the Hub does not serve ranges as HTTP has them.' },
  );
}

/**
 * The error of a 416 that says that the file has another size than the listing had (RFC 9110, section 15.5.17);
 * undefined where it does not say so.
 */
export function shrunk(
  { status, headers }: HttpResponse,
  { sibling }: HubFileName,
): ModelcarError | undefined {
  const total = /^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  if (status !== 416 || total === undefined || Number(total) === sibling.size) return undefined;
  return otherSize(sibling.path, sibling.size, Number(total));
}

function otherSize(path: string, size: number, got: number): ModelcarError {
  return new ModelcarError(
    'CONTENT_MISMATCH',
    `${path} from the Hub is not what the Hub promised: expected ${size} bytes, got ${got}`,
    { hint: 'Push again; if it happens twice, a proxy or a mirror on the way to the Hub changes the bytes.' },
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
