import type { Document } from '../core/image.ts';
import type { Clock, ImageTarget } from '../core/ports.ts';
import type { RegistryHost } from '../core/reference.ts';
import type { CredentialSource, RegistryCredentials } from '../core/registry-credentials.ts';
import { withRedirects } from '../http/redirect.ts';
import { type RetryPolicy, withRetry } from '../http/retry.ts';
import { discard, type Transport } from '../http/transport.ts';
import { withRegistryAuth } from './auth/registry-auth.ts';
import type { Framing } from './blob-upload.ts';
import { checkDigest, checkHeld, isHeld } from './check-held.ts';
import { pushBlob } from './push-blob.ts';
import { registryError } from './registry-error.ts';

export interface RegistryTargetOptions {
  readonly registry: RegistryHost;
  readonly repository: string;
  readonly credentials: CredentialSource;
  /** Called once, when the registry wants to know who we are: where from, or that there is nothing. */
  readonly onCredentials?: (host: string, origin: string | undefined) => void;
  /** One streamed request per blob, or requests of so many bytes. */
  readonly framing: Framing;
  readonly retries: number;
  readonly onRetry?: RetryPolicy['onRetry'];
  /** Bare: one request at a time, no retry, no authorization, no redirects. */
  readonly transport: Transport;
  readonly clock: Clock;
}

/** One repository of a registry that speaks the OCI distribution-spec 1.1. */
export function createRegistryTarget(options: RegistryTargetOptions): ImageTarget {
  const { registry, transport, clock, retries, framing } = options;
  const { origin, repository } = endpoint(options);
  const base = `${origin}/v2/${repository}`;
  const target = `${registry.host}/${options.repository}`;

  // Two stacks over one authorization. Uploads: `next` says what follows a failure. The rest: repeated as it is.
  const patient = withRetry({ retries, clock, onRetry: options.onRetry });
  const authorized = withRegistryAuth({
    origin,
    scope: `repository:${repository}:pull,push`,
    credentials: findOnce(options),
    tokens: transport,
    clock,
  })(transport);
  const api = patient(withRedirects(5)(authorized));

  return {
    async prepare(signal) {
      const response = await api({ method: 'GET', url: `${origin}/v2/`, signal });
      if (response.status === 401) throw await registryError(`log in to ${registry.host}`, response);
      // A proxy that knows repositories only is no reason to give up.
      await discard(response);
    },
    pushBlob: (push) => pushBlob(push, { transport: authorized, base, target, framing, retries, clock }),
    hasBlob: (descriptor, signal) =>
      isHeld(
        { what: `blob ${descriptor.digest}`, url: `${base}/blobs/${descriptor.digest}`, descriptor, signal },
        api,
      ),
    checkBlob(descriptor, signal) {
      const what = `blob ${descriptor.digest} in ${target}`;
      // Blobs have no media type of their own in a registry.
      const blob = { ...descriptor, mediaType: '*/*' };
      return checkHeld({ what, url: `${base}/blobs/${blob.digest}`, descriptor: blob, signal }, api, clock);
    },
    pushManifest: (manifest, signal) =>
      putManifest(`push the manifest to ${target}`, manifest.descriptor.digest, manifest, signal),
    tagManifest: (manifest, tag, signal) => putManifest(`tag ${target}:${tag}`, tag, manifest, signal),
    formatReference: (at) => ('tag' in at ? `${target}:${at.tag}` : `${target}@${at.digest}`),
  };

  async function putManifest(
    what: string,
    reference: string,
    { bytes, descriptor }: Document,
    signal: AbortSignal,
  ): Promise<void> {
    const url = `${base}/manifests/${reference}`;
    // Nexus answers 411 to a manifest without a length.
    const headers = { 'content-type': descriptor.mediaType, 'content-length': String(bytes.length) };
    const response = await api({ method: 'PUT', url, headers, body: bytes, signal });
    if (response.status < 200 || response.status > 299) throw await registryError(what, response);
    await discard(response);
    checkDigest(response, what, descriptor);
    await checkHeld({ what: `manifest ${reference} in ${target}`, url, descriptor, signal }, api, clock);
  }
}

/** Says once where the credentials came from, however often they are asked for. */
function findOnce(options: RegistryTargetOptions): () => Promise<RegistryCredentials | undefined> {
  let said = false;
  return async () => {
    const found = await options.credentials(options.registry.host, options.repository);
    if (!said) options.onCredentials?.(options.registry.host, found?.origin);
    said = true;
    return found?.credentials;
  };
}

/** Docker Hub answers elsewhere than its name says, and its oldest images have no namespace. */
function endpoint({ registry, repository }: RegistryTargetOptions): { origin: string; repository: string } {
  if (registry.host !== 'docker.io') return { origin: `${registry.scheme}://${registry.host}`, repository };
  const name = repository.includes('/') ? repository : `library/${repository}`;
  return { origin: `${registry.scheme}://registry-1.docker.io`, repository: name };
}
