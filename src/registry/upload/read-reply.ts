import { discard, type HttpResponse } from '../../http/transport.ts';
import { saidMeaning } from '../answer-meaning.ts';
import { isThere, refusesReading } from '../ask-held.ts';
import { readProblem } from '../registry-error.ts';
import { resolveLocation } from './location.ts';
import { isFinal, readTrouble, refused } from './read-trouble.ts';
import type { UploadReply } from './upload-state.ts';

/**
 * What registries answer to the requests of an upload, each in its own dialect, read into the replies of
 * `upload-state.ts`. Every quirk has its row in `read-reply.test.ts`.
 */

/** What the request was, as far as its answer cannot be read without. */
export interface Asked {
  /** The URL that was asked. */
  readonly url: string;
  /** Milliseconds since the epoch, for a `Retry-After` that is a date. */
  readonly date: number;
}

/** HEAD blobs/<digest>, or a GET of its first byte if HEAD is refused. */
export async function readExists(
  response: HttpResponse,
  asked: Asked & { readonly sent: boolean },
): Promise<UploadReply> {
  if (isThere(response)) return after(response, { type: 'exists' });
  // 405: the registry or a proxy answers neither, so send the blob.
  if (response.status === 404 || response.status === 405) return after(response, { type: 'absent' });
  // The answer to a HEAD has no words; the answer to the POST will say why.
  if (!asked.sent && refusesReading(response)) return after(response, { type: 'absent' });
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
  if (response.status === 404 || response.status === 405) return refused(await readProblem(response));
  if (response.status !== 202 && response.status !== 201) return readTrouble(response, asked);
  await discard(response);
  if (location === undefined) return noLocation();
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
    case 411:
      return { type: 'unfit', want: 'length', reason: (await readProblem(response)).text };
    case 413:
      return readTooLarge(response, asked);
    case 416:
      return readOutOfOrder(response, asked);
    default:
      return readRefusedPatch(response, asked);
  }
}

/** A proxy may refuse every PATCH, here with 400: https://github.com/moby/moby/issues/27877 */
async function readRefusedPatch(response: HttpResponse, asked: Asked): Promise<UploadReply> {
  const { status } = response;
  const problem = await readProblem(response);
  const { codes, from, text: reason } = problem;
  const isOdd = from === 'page' && (status === 400 || status === 403);
  if (!isFinal(saidMeaning(problem)) && (status === 405 || status === 501 || isOdd)) {
    return { type: 'unfit', want: 'put', reason };
  }
  if (status === 404 && codes.length === 0) return { type: 'session-lost', reason, unrouted: true };
  return readTrouble(response, asked, problem);
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
  const said = saidMeaning(problem);
  if (isFinal(said)) return refused(problem, said);
  // A registry that means the layer, not the request, is not helped by smaller chunks.
  const layer = problem.codes.length > 0 && /layer|blob/i.test(problem.text);
  if (layer) return refused(problem, 'layer-too-large', true);
  return { type: 'too-large', bodySize: asked.bodySize, reason: problem.text };
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

function noLocation(): UploadReply {
  const said = 'it opened an upload without saying where (no Location)';
  return {
    type: 'refused',
    failure: { code: 'UNSUPPORTED', said, hint: 'Report it to those who run the registry.' },
  };
}

async function after(response: HttpResponse, reply: UploadReply): Promise<UploadReply> {
  await discard(response);
  return reply;
}
