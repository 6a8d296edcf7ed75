import { isPassingError, ModelcarError } from '../core/error.ts';
import type { Document } from '../core/image.ts';
import type { Clock, Pause } from '../core/ports.ts';
import { afterRetries } from '../http/gave-up.ts';
import { isPassing } from '../http/retry.ts';
import { backoffMs, parseRetryAfter } from '../http/retry-after.ts';
import { discard, type HttpResponse, type Transport } from '../http/transport.ts';
import { checkDigest } from './check-held.ts';
import { registryError } from './registry-error.ts';

export interface ManifestPut {
  /** What the error says that we could not do. */
  readonly what: string;
  /** By digest or by tag. */
  readonly url: string;
  readonly manifest: Document;
  readonly signal: AbortSignal;
}

export interface ManifestRegistry {
  /** Sends each request once: what follows a failure is said here. */
  readonly once: Transport;
  readonly retries: number;
  readonly clock: Clock;
  readonly onRetry: ((pause: Pause) => void) | undefined;
}

/**
 * Stores a manifest. After a lost or unclear answer, looks for the manifest before it sends it again. After a refusal it
 * looks too: an earlier run may have set an immutable tag to this manifest.
 * @throws ModelcarError what the registry refuses; `UNAVAILABLE` when it goes on failing
 */
export async function putManifest(put: ManifestPut, registry: ManifestRegistry): Promise<void> {
  const { what, manifest, signal } = put;
  const { retries, clock, onRetry } = registry;
  const started = clock.now();
  for (let retry = 1; ; retry += 1) {
    const trouble = await attempt(put, registry);
    if (trouble === undefined || (await isThere(put, registry))) return;
    if (!trouble.passing) throw trouble.error;
    if (retry > retries) throw afterRetries(trouble.error, { retries, ms: clock.now() - started });
    const delayMs = trouble.delayMs ?? backoffMs(retry, clock.random());
    onRetry?.({ retry, retries, delayMs, reason: trouble.error.message });
    await clock.sleep(delayMs, signal);
  }

  async function attempt({ url }: ManifestPut, { once }: ManifestRegistry): Promise<Trouble | undefined> {
    const { bytes, descriptor } = manifest;
    // Nexus answers 411 to a manifest without a length.
    const headers = { 'content-type': descriptor.mediaType, 'content-length': String(bytes.length) };
    let response: HttpResponse;
    try {
      response = await once({ method: 'PUT', url, headers, body: bytes, signal });
    } catch (error) {
      if (!isPassingError(error)) throw error;
      return { error, passing: true, delayMs: undefined };
    }
    const { status, headers: said } = response;
    if (status >= 200 && status <= 299) {
      await discard(response);
      checkDigest(response, what, descriptor);
      return undefined;
    }
    const error = await registryError(what, response);
    // Registries also send 500 for full storage or a quota, and 403 for a rate limit.
    const passing = isPassing(status) ? isPassingError(error) : error.code === 'RATE_LIMITED';
    return { error, passing, delayMs: parseRetryAfter(said['retry-after'], clock.date()) };
  }
}

interface Trouble {
  readonly error: ModelcarError;
  /** Whether sending it again may help. */
  readonly passing: boolean;
  readonly delayMs: number | undefined;
}

/** Only a digest proves it: a tag may point at another manifest of the same length. */
async function isThere({ url, manifest, signal }: ManifestPut, { once }: ManifestRegistry): Promise<boolean> {
  const { digest, mediaType } = manifest.descriptor;
  try {
    const response = await once({ method: 'HEAD', url, headers: { accept: mediaType }, signal });
    await discard(response);
    return response.status === 200 && response.headers['docker-content-digest'] === digest;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ModelcarError)) throw error;
    return false; // report the failure of the PUT instead
  }
}
