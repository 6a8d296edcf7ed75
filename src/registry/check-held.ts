import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { Clock } from '../core/ports.ts';
import { presentable } from '../http/presentable.ts';
import { discard, type HttpResponse, type Transport } from '../http/transport.ts';
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

/**
 * Asks a registry, with HEAD, whether it holds what was pushed.
 *
 * @throws ModelcarError `CONTENT_MISMATCH` when it does not, or holds something of another digest or size
 */
export async function checkHeld(question: HeldQuestion, api: Transport, clock: Clock): Promise<void> {
  const { what, url, descriptor, signal } = question;
  const headers = { accept: descriptor.mediaType };
  for (let tries = 0; ; tries += 1) {
    const response = await api({ method: 'HEAD', url, headers, signal });
    const delayMs = PATIENCE_MS[tries];
    if (response.status === 404 && delayMs !== undefined) {
      await discard(response);
      await clock.sleep(delayMs, signal);
    } else if (response.status === 404) {
      await discard(response);
      throw missing(what);
    } else {
      return compare(response, what, descriptor);
    }
  }
}

/** Whether it is there, asked once; anything but a clear yes is a no, and costs a push. */
export async function isHeld({ url, descriptor, signal }: HeldQuestion, api: Transport): Promise<boolean> {
  const response = await api({ method: 'HEAD', url, headers: { accept: '*/*' }, signal });
  await discard(response);
  const { digest, size } = descriptor;
  const named = response.headers['docker-content-digest'] ?? digest;
  return response.status === 200 && named === digest && (contentLength(response) ?? size) === size;
}

/** The digest that a success names must be the one that was pushed. */
export function checkDigest(response: HttpResponse, what: string, { digest }: Descriptor): void {
  const held = response.headers['docker-content-digest'];
  if (held !== undefined && held !== digest) throw different(what, digest, presentable(held, response));
}

async function compare(response: HttpResponse, what: string, descriptor: Descriptor): Promise<void> {
  // A registry that refuses the question has taken the content with a success; that has to do then.
  if ([401, 403, 405].includes(response.status)) return discard(response);
  if (response.status !== 200) throw await registryError(`check ${what}`, response);
  await discard(response);
  checkDigest(response, what, descriptor);
  const length = contentLength(response);
  if (length !== undefined && length !== descriptor.size) {
    throw different(what, `${descriptor.size} bytes`, `${length} bytes`);
  }
}

/** A proxy may leave the length out or answer a HEAD with 0; then the digest has to do. */
function contentLength({ headers }: HttpResponse): number | undefined {
  const length = Number(headers['content-length'] ?? 0);
  return length > 0 ? length : undefined;
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
