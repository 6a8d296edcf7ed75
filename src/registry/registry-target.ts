import type { Descriptor } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { Document } from '../core/image.ts';
import type { Clock, ImageTarget } from '../core/ports.ts';
import type { RegistryHost } from '../core/reference.ts';
import { withRedirects } from '../http/redirect.ts';
import { type RetryPolicy, withRetry } from '../http/retry.ts';
import { discard, type HttpResponse, type Transport } from '../http/transport.ts';
import type { CredentialSource } from './auth/credentials.ts';
import { withRegistryAuth } from './auth/registry-auth.ts';
import type { Framing } from './blob-upload.ts';
import { pushBlob } from './push-blob.ts';
import { registryError } from './registry-error.ts';

export interface RegistryTargetOptions {
  readonly registry: RegistryHost;
  readonly repository: string;
  readonly credentials: CredentialSource;
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
    host: registry.host,
    scope: `repository:${repository}:pull,push`,
    credentials: options.credentials,
    tokens: patient(transport),
    clock,
  })(transport);
  const api = patient(withRedirects(5)(authorized));

  async function check(
    what: string,
    url: string,
    { digest, size, mediaType }: Descriptor,
    signal: AbortSignal,
  ) {
    const response = await api({ method: 'HEAD', url, headers: { accept: mediaType }, signal });
    await discard(response);
    if (response.status === 404) throw missing(what);
    if (response.status !== 200) throw await registryError(`check ${what}`, response);
    const held = response.headers['docker-content-digest'];
    if (held !== undefined && held !== digest) throw different(what, digest, held);
    const length = contentLength(response);
    if (length !== undefined && length !== size) throw different(what, `${size} bytes`, `${length} bytes`);
  }

  return {
    async prepare(signal) {
      const response = await api({ method: 'GET', url: `${origin}/v2/`, signal });
      if (response.status === 401) throw await registryError(`log in to ${registry.host}`, response);
      // A proxy that knows repositories only is no reason to give up.
      await discard(response);
    },
    pushBlob: (push) => pushBlob(push, { transport: authorized, base, target, framing, retries, clock }),
    checkBlob(descriptor, signal) {
      return check(
        `blob ${descriptor.digest} in ${target}`,
        `${base}/blobs/${descriptor.digest}`,
        // Blobs have no media type of their own in a registry.
        { ...descriptor, mediaType: '*/*' },
        signal,
      );
    },
    async pushManifest(manifest, signal) {
      const { digest } = manifest.descriptor;
      await putManifest(`push the manifest to ${target}`, digest, manifest, signal);
      await check(`manifest ${target}@${digest}`, manifestUrl(digest), manifest.descriptor, signal);
    },
    async tagManifest(manifest, tag, signal) {
      await putManifest(`tag ${target}:${tag}`, tag, manifest, signal);
      await check(`manifest ${target}:${tag}`, manifestUrl(tag), manifest.descriptor, signal);
    },
    formatReference: (at) => ('tag' in at ? `${target}:${at.tag}` : `${target}@${at.digest}`),
  };

  function manifestUrl(reference: string): string {
    return `${base}/manifests/${reference}`;
  }

  async function putManifest(
    what: string,
    reference: string,
    { bytes, descriptor }: Document,
    signal: AbortSignal,
  ): Promise<void> {
    // Nexus answers 411 to a manifest without a length.
    const headers = { 'content-type': descriptor.mediaType, 'content-length': String(bytes.length) };
    const response = await api({ method: 'PUT', url: manifestUrl(reference), headers, body: bytes, signal });
    if (response.status < 200 || response.status > 299) throw await registryError(what, response);
    await discard(response);
    const held = response.headers['docker-content-digest'];
    if (held !== undefined && held !== descriptor.digest) throw different(what, descriptor.digest, held);
  }
}

/** Docker Hub answers elsewhere than its name says, and its oldest images have no namespace. */
function endpoint({ registry, repository }: RegistryTargetOptions): { origin: string; repository: string } {
  if (registry.host !== 'docker.io') return { origin: `${registry.scheme}://${registry.host}`, repository };
  const name = repository.includes('/') ? repository : `library/${repository}`;
  return { origin: `${registry.scheme}://registry-1.docker.io`, repository: name };
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
    {
      hint: 'Do not use this image; look at what stands between here and the registry, then push again.',
    },
  );
}
