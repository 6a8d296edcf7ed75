import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { Clock } from '../core/ports.ts';
import { presentable } from '../http/presentable.ts';
import { isRedirect } from '../http/redirect.ts';
import { discard, type HttpRequest, type HttpResponse, type Transport } from '../http/transport.ts';
import { askFirstByte, askHeld, type HeadMemory, isThere, refusesReading, totalLength } from './ask-held.ts';
import { registryError } from './registry-error.ts';

export interface HeldQuestion {
  /** What messages call it, such as `blob sha256:… in ghcr.io/acme/llama`. */
  readonly what: string;
  readonly url: string;
  readonly descriptor: Descriptor;
  readonly signal: AbortSignal;
}

/** What was just pushed may take a while to show where storage is only eventually consistent. */
const PATIENCE_MS: readonly number[] = [1000, 2000, 4000, 8000];

export interface HeldRegistry {
  /** With retry and redirects. */
  readonly patient: Transport;
  /** Without either: the answer of the registry itself. */
  readonly authorized: Transport;
  readonly clock: Clock;
  readonly head: HeadMemory;
}

/**
 * Asks a registry whether it has the content that was pushed. An answer that proves nothing is good enough: the registry
 * has confirmed the commit of this digest.
 *
 * @throws ModelcarError `CONTENT_MISMATCH` when it does not, or holds something of another digest or size
 */
export async function checkHeld(question: HeldQuestion, registry: HeldRegistry): Promise<void> {
  const { what, signal } = question;
  for (let tries = 0; ; tries += 1) {
    const answer = await look(question, registry);
    if (answer !== 'absent') return;
    const delayMs = PATIENCE_MS[tries];
    if (delayMs === undefined) throw missing(what);
    await registry.clock.sleep(delayMs, signal);
  }
}

/** Whether it is there, asked once; anything but a clear yes is a no, and costs a push. */
export async function isHeld(
  { url, descriptor, signal }: HeldQuestion,
  { patient, head }: HeldRegistry,
): Promise<boolean> {
  const response = await askHeld({ url, headers: { accept: '*/*' }, signal }, patient, head);
  await discard(response);
  const { digest, size } = descriptor;
  const isNamed = namedDigests(response).every((named) => named === digest);
  return isThere(response) && isNamed && (heldLength(response, size) ?? size) === size;
}

async function look(
  { what, url, descriptor, signal }: HeldQuestion,
  { patient, authorized, head }: HeldRegistry,
): Promise<'absent' | 'held'> {
  const request = { url, headers: { accept: descriptor.mediaType }, signal };
  let response: HttpResponse;
  try {
    response = await askHeld(request, patient, head);
  } catch (error) {
    if (signal.aborted || !(await isRedirected(request, authorized))) throw error;
    return 'held';
  }
  const answer = await judge(response, what, descriptor);
  const { size } = descriptor;
  // Without a length, the blob may be empty.
  const tellsLength = !isThere(response) || size === 0 || heldLength(response, size) !== undefined;
  return tellsLength || head.isRefused
    ? answer
    : judge(await askFirstByte(request, patient), what, descriptor);
}

/** @throws ModelcarError `CONTENT_MISMATCH` when the answer is about other content; the error of a failing server */
async function judge(
  response: HttpResponse,
  what: string,
  descriptor: Descriptor,
): Promise<'absent' | 'held'> {
  const { status } = response;
  const proves = isThere(response) || (status === 416 && totalLength(response) !== undefined);
  const isAbsent = status === 404 || status === 410;
  if (!proves && !isAbsent && !refusesReading(response)) throw await registryError(`check ${what}`, response);
  await discard(response);
  if (proves) compare(response, what, descriptor);
  return isAbsent ? 'absent' : 'held';
}

/**
 * Whether the registry redirects to storage that we cannot reach. A registry looks for the blob before it redirects
 * (distribution, registry/storage/blobserver.go), so the redirect proves that the blob exists.
 */
async function isRedirected(
  request: Pick<HttpRequest, 'url' | 'headers' | 'signal'>,
  authorized: Transport,
): Promise<boolean> {
  try {
    const response = await authorized({ ...request, method: 'HEAD' });
    await discard(response);
    return isRedirect(response);
  } catch {
    return false;
  }
}

/** The digest that a success names must be the one that was pushed. */
export function checkDigest(response: HttpResponse, what: string, { digest }: Descriptor): void {
  for (const held of namedDigests(response)) {
    if (held !== digest) throw different(what, digest, presentable(held, response));
  }
}

/** More than one if a proxy repeats the header of the registry. */
function namedDigests({ headers }: HttpResponse): readonly string[] {
  return (headers['docker-content-digest'] ?? '').split(/,\s*/).filter((named) => named !== '');
}

function compare(response: HttpResponse, what: string, descriptor: Descriptor): void {
  checkDigest(response, what, descriptor);
  const length = heldLength(response, descriptor.size);
  if (length !== undefined && length !== descriptor.size) {
    throw different(what, `${descriptor.size} bytes`, `${length} bytes`);
  }
}

/** A proxy may answer a HEAD with a length of 0: ignore that, and rely on the digest. */
function heldLength(response: HttpResponse, size: number): number | undefined {
  const length = totalLength(response);
  return length === 0 && size > 0 && response.status === 200 ? undefined : length;
}

function missing(what: string): ModelcarError {
  return new ModelcarError('CONTENT_MISMATCH', `${what} is not there, though the registry took it`, {
    hint: 'Look for a limit or a clean-up of the storage behind the registry, then push again.',
  });
}

function different(what: string, expected: string, got: string): ModelcarError {
  return new ModelcarError(
    'CONTENT_MISMATCH',
    `${what} is not what was pushed: expected ${expected}, got ${got}`,
    { hint: 'Do not use this image; look at what stands between here and the registry, then push again.' },
  );
}
