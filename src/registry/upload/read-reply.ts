import { isPassing } from '../../http/retry.ts';
import { parseRetryAfter } from '../../http/retry-after.ts';
import { discard, type HttpResponse } from '../../http/transport.ts';
import { codeFor, hintFor, type Problem, readProblem } from '../registry-error.ts';
import { resolveLocation } from './location.ts';
import type { UploadFailure, UploadReply } from './upload-state.ts';

/**
 * What registries answer to the requests of an upload, each in its own dialect, read into the replies of
 * `upload-state.ts`. Every quirk has its row in `read-reply.test.ts`.
 */

/** What the request was, as far as its answer cannot be read without. */
export interface Asked {
  /** Messages name the target with it: `registry/repository`. */
  readonly target: string;
  /** The URL that was asked. */
  readonly url: string;
  /** Milliseconds since the epoch, for a `Retry-After` that is a date. */
  readonly date: number;
}

/** HEAD blobs/<digest> */
export async function readExists(response: HttpResponse, asked: Asked): Promise<UploadReply> {
  if (response.status === 200) return after(response, { type: 'exists' });
  // 405: a registry, or a proxy, that does not answer HEAD; then sending the blob is what is left.
  if (response.status === 404 || response.status === 405) return after(response, { type: 'absent' });
  return readTrouble(response, asked);
}

/** POST blobs/uploads/?digest=, with a body of so many bytes: all of the blob. */
export async function readPosted(
  response: HttpResponse,
  asked: Asked & { readonly bodySize: number },
): Promise<UploadReply> {
  // Some open a session with 201: where it leads tells the two apart.
  const leadsToSession = /\/blobs\/uploads\//.test(response.headers.location ?? '');
  if (response.status === 201 && !leadsToSession) return after(response, { type: 'committed' });
  return response.status === 413 ? readTooLarge(response, asked) : readOpened(response, asked);
}

/** POST blobs/uploads/ */
export async function readOpened(response: HttpResponse, asked: Asked): Promise<UploadReply> {
  const { location } = response.headers;
  if (response.status === 404) {
    return { type: 'refused', failure: failure('NOT_FOUND', await readProblem(response), asked) };
  }
  if (response.status !== 202 && response.status !== 201) return readTrouble(response, asked);
  await discard(response);
  if (location === undefined) return noLocation(asked);
  return {
    type: 'opened',
    location: resolveLocation(asked.url, location, response),
    ...chunkLimit('minChunk', response.headers['oci-chunk-min-length']),
    // Not in the spec yet: https://github.com/opencontainers/distribution-spec/issues/485
    ...chunkLimit('maxChunk', response.headers['oci-chunk-max-length']),
  };
}

/** PATCH of the bytes from `offset` up to `end`. */
export async function readAccepted(
  response: HttpResponse,
  asked: Asked & { readonly offset: number; readonly end: number; readonly bodySize: number },
): Promise<UploadReply> {
  // ECR says 201, Pulp and older crane registries 204.
  if ([200, 201, 202, 204].includes(response.status)) {
    await discard(response);
    const claimed = acceptedEnd(response.headers.range, asked.end);
    return { type: 'accepted', location: newLocation(response, asked), end: asked.end, claimed };
  }
  switch (response.status) {
    case 307:
    case 308:
      return readMoved(response, asked);
    case 405:
    case 501:
      return { type: 'unfit', want: 'put', reason: told(await readProblem(response), asked) };
    case 411:
      return { type: 'unfit', want: 'length', reason: told(await readProblem(response), asked) };
    case 413:
      return readTooLarge(response, asked);
    case 416:
      return readOutOfOrder(response, asked);
    default:
      return readTrouble(response, asked);
  }
}

async function readOutOfOrder(
  response: HttpResponse,
  asked: Asked & { offset: number },
): Promise<UploadReply> {
  const last = parseRangeEnd(response.headers.range);
  const end = last === undefined ? undefined : confirmedEnd(last, asked.offset);
  const limit = parseSize((await readProblem(response)).text);
  const location = newLocation(response, asked);
  return { type: 'out-of-order', location, end, ...(limit !== undefined && { limit }) };
}

async function readTooLarge(
  response: HttpResponse,
  asked: Asked & { bodySize: number },
): Promise<UploadReply> {
  const problem = await readProblem(response);
  // A registry that means the layer, not the request, is not helped by smaller chunks.
  const layer = problem.codes.length > 0 && /layer|blob/i.test(problem.text);
  if (layer) return { type: 'refused', failure: failure('REJECTED', problem, asked) };
  return { type: 'too-large', bodySize: asked.bodySize, reason: told(problem, asked) };
}

/** A body cannot be sent once more by the transport: it begins again at the other place. */
async function readMoved(response: HttpResponse, asked: Asked): Promise<UploadReply> {
  const { location } = response.headers;
  if (location === undefined) return readTrouble(response, asked);
  return after(response, { type: 'moved', location: resolveLocation(asked.url, location, response) });
}

/** GET of the session; `offset` is what it last confirmed, `size` that of the blob. */
export async function readStatus(
  response: HttpResponse,
  asked: Asked & { readonly offset: number; readonly size: number },
): Promise<UploadReply> {
  if ([200, 202, 204].includes(response.status)) {
    await discard(response);
    const last = parseRangeEnd(response.headers.range);
    // Quay and Forgejo name the end, not the last byte: at the end of the blob that is one too many.
    const end =
      last === undefined ? 0 : Math.min(confirmedEnd(last, asked.offset), Math.max(last, asked.size));
    return { type: 'status', location: newLocation(response, asked), end };
  }
  // 404: distribution; 400: olareg, and registries without a status at all; 405, 410, 416: gone by other names.
  if ([400, 404, 405, 410, 416].includes(response.status)) {
    return { type: 'session-lost', reason: (await readProblem(response)).text };
  }
  return readTrouble(response, asked);
}

/** PUT ?digest=, with a body of so many bytes. */
export async function readCommitted(
  response: HttpResponse,
  asked: Asked & { readonly bodySize: number },
): Promise<UploadReply> {
  if ([200, 201, 202, 204].includes(response.status)) return after(response, { type: 'committed' });
  switch (response.status) {
    case 307:
    case 308:
      return readMoved(response, asked);
    case 413:
      return readTooLarge(response, asked);
    case 416:
      return after(response, { type: 'out-of-order', location: asked.url, end: undefined });
    default:
      return readTrouble(response, asked);
  }
}

/** What every request can be told. */
async function readTrouble(response: HttpResponse, asked: Asked): Promise<UploadReply> {
  const { status, headers } = response;
  const problem = await readProblem(response);
  if (status === 401 && response.renewed) return { type: 'unauthorized', reason: told(problem, asked) };
  if (isPassing(status) || status >= 500) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], asked.date);
    return { type: 'busy', reason: told(problem, asked), status, retryAfterMs };
  }
  // Gitea and Forgejo, of a second body without a range.
  if (/stream uploads after first write/i.test(problem.text)) {
    return { type: 'unfit', want: 'range', reason: told(problem, asked) };
  }
  // olareg says the same of a session that is gone and of a digest that differs; its detail tells them apart.
  const differs = problem.codes.includes('DIGEST_INVALID') || problem.codes.includes('SIZE_INVALID');
  if (differs || /BLOB_UPLOAD_INVALID.*invalid digest/.test(problem.text)) {
    return { type: 'refused', failure: failure('CONTENT_MISMATCH', problem, asked) };
  }
  const lost = problem.codes.some((code) => code === 'BLOB_UPLOAD_UNKNOWN' || code === 'BLOB_UPLOAD_INVALID');
  if (lost || (status === 404 && !problem.codes.includes('NAME_UNKNOWN'))) {
    return { type: 'session-lost', reason: problem.text };
  }
  const code = codeFor(problem);
  const kept = code === 'UNAUTHORIZED' || code === 'NOT_FOUND' || code === 'UNSUPPORTED' ? code : 'REJECTED';
  return { type: 'refused', failure: failure(kept, problem, asked) };
}

/**
 * How much of what was sent the registry says that it has.
 * @param range absent: it took everything. `0--1` and `0-0` are the ways to say nothing; but one byte is `0-0` too
 */
function acceptedEnd(range: string | undefined, sentEnd: number): number {
  const last = parseRangeEnd(range);
  if (last === undefined) return sentEnd;
  if (last === sentEnd) return sentEnd; // Quay and Gitea name the end, not the last byte
  return last === 0 && sentEnd !== 1 ? 0 : last + 1;
}

/** A status GET has the same two dialects; the one that agrees with what we know is believed. */
function confirmedEnd(last: number, offset: number): number {
  return last === offset ? offset : last + 1;
}

/** The last byte of `0-<last>`, −1 for none; with or without the `bytes=` of RFC 9110. */
function parseRangeEnd(range: string | undefined): number | undefined {
  const match = /^(?:bytes[= ])?0-(-1|\d+)$/.exec(range?.trim() ?? '');
  // A number beyond all blobs stays one, and can be counted with.
  return match ? Math.min(Number(match[1]), 2 ** 52) : undefined;
}

/** `chunk exceeds the maximum of 4.00MiB`: GHCR says in words what it takes. */
function parseSize(text: string): number | undefined {
  const match = /\b(\d{1,6}(?:\.\d{1,3})?) ?([KMG])iB\b/i.exec(text);
  if (match === null) return undefined;
  const unit = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[(match[2] ?? 'M').toUpperCase()] ?? 0;
  return Math.floor(Number(match[1]) * unit) || undefined;
}

function chunkLimit<Name extends string>(
  name: Name,
  header: string | undefined,
): Partial<Record<Name, number>> {
  const bytes = /^\d{1,15}$/.test(header ?? '') ? Number(header) : 0;
  return bytes > 0 ? ({ [name]: bytes } as Record<Name, number>) : {};
}

function newLocation(response: HttpResponse, { url }: Asked): string {
  const { location } = response.headers;
  return location === undefined ? url : resolveLocation(url, location, response);
}

function noLocation(asked: Asked): UploadReply {
  const message = `${asked.target} opened an upload without saying where (no Location)`;
  return {
    type: 'refused',
    failure: { code: 'UNSUPPORTED', message, hint: 'Report it to those who run the registry.' },
  };
}

function failure(code: UploadFailure['code'], problem: Problem, asked: Asked): UploadFailure {
  const hint = hintFor(code, problem);
  return {
    code,
    message: `cannot push a blob to ${told(problem, asked)}`,
    ...(hint !== undefined && { hint }),
  };
}

function told(problem: Problem, { target }: Asked): string {
  return `${target}: ${problem.text}`;
}

async function after(response: HttpResponse, reply: UploadReply): Promise<UploadReply> {
  await discard(response);
  return reply;
}
