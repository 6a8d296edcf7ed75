import type { Document } from '../core/image.ts';
import type { ImageTarget } from '../core/ports.ts';
import { formatReference, type TargetLocation } from '../core/reference.ts';
import { discard } from '../http/transport.ts';
import { checkDigest, checkHeld, isHeld } from './check-held.ts';
import type { PreferredFraming } from './framing.ts';
import { largestBlobOf, profileOf } from './host-seeds.ts';
import { pushBlob } from './push-blob.ts';
import { createRegistryApi, type RegistryApiOptions } from './registry-api.ts';
import { registryError } from './registry-error.ts';

export interface RegistryTargetOptions extends RegistryApiOptions {
  /** One streamed request per blob, or requests of so many bytes. */
  readonly framing: PreferredFraming;
}

/** One repository of a registry that speaks the OCI distribution-spec 1.1. */
export function createRegistryTarget(options: RegistryTargetOptions): ImageTarget {
  const { registry, repository, clock, retries, framing } = options;
  const location: TargetLocation = { kind: 'registry', registry, repository };
  const target = formatReference(location);
  // Uploads: `next` says what follows a failure. The rest: repeated as it is.
  const { origin, base, authorized, patient: api } = createRegistryApi(options, 'pull,push');
  const host = { profile: profileOf(registry.host) };

  return {
    async prepare(signal) {
      const response = await api({ method: 'GET', url: `${origin}/v2/`, signal });
      if (response.status === 401) throw await registryError(`log in to ${registry.host}`, response);
      // A proxy that knows repositories only is no reason to give up.
      await discard(response);
    },
    largestBlob: largestBlobOf(registry.host),
    pushBlob: (push) =>
      pushBlob(push, { transport: authorized, base, target, framing, retries, clock, host }),
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
    formatReference: (name) => formatReference(location, name),
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
