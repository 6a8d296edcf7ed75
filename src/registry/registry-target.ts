import { HF_PATH } from '../core/descriptor.ts';
import { ModelcarError } from '../core/error.ts';
import type { Document } from '../core/image.ts';
import type { ImageTarget } from '../core/ports.ts';
import { formatReference, type TargetLocation } from '../core/reference.ts';
import { SMALL_LAYER } from '../core/small-layer.ts';
import { withRedirects } from '../http/redirect.ts';
import { readText } from '../http/transport.ts';
import { type Meaning, saidMeaning } from './answer-meaning.ts';
import { checkHeld, isHeld } from './check-held.ts';
import { checkPushAccess } from './check-push-access.ts';
import { type Routes, refuseWebServer, webPageIn } from './no-registry.ts';
import { putManifest } from './put-manifest.ts';
import { createRegistryApi, createSharedAccess, type RegistryApiOptions } from './registry-api.ts';
import { readProblem, refusalError, refusalOf } from './registry-error.ts';
import { createRegistryReader } from './registry-reader.ts';
import type { PreferredFraming } from './upload/framing.ts';
import { largestBlobOf, profileOf } from './upload/host-seeds.ts';
import { pushBlob } from './upload/push-blob.ts';
import { type HostMemory, rememberHost } from './upload/remember-host.ts';

export interface RegistryTargetOptions extends RegistryApiOptions {
  /** One streamed request per blob, or requests of so many bytes. */
  readonly framing: PreferredFraming;
  /** How long the source may be silent before a request that waits for it ends. Default 20,000. */
  readonly silenceMs?: number;
  /** A blob of at most this many bytes is held in memory, and goes in as few requests as can be. Default 256 KiB. */
  readonly heldSize?: number;
  /** Default: what its name says. */
  readonly host?: HostMemory | undefined;
}

/** The registry will accept no request at all. */
const ENDS_AT_ONCE: ReadonlySet<Meaning> = new Set<Meaning>([
  'needs-tls',
  'needs-client-certificate',
  'address-refused',
]);

/** Proxies cut a request that brings nothing for a minute (nginx: client_body_timeout). */
const SILENCE_MS = 20_000;

/** A look at a tag is optional, so a failing registry must not delay the push for long. */
const LOOK_RETRIES = 2;

/** One repository of a registry that speaks the OCI distribution-spec 1.1. */
export function createRegistryTarget(options: RegistryTargetOptions): ImageTarget {
  const { registry, repository, clock, retries, onRetry, framing, silenceMs = SILENCE_MS } = options;
  const { host = rememberHost(profileOf(registry.host)), heldSize = SMALL_LAYER } = options;
  const location: TargetLocation = { kind: 'registry', registry, repository };
  const target = formatReference(location);
  // Uploads: `next` says what follows a failure. The rest: repeated as it is.
  const access = options.access ?? createSharedAccess(options, 'pull,push');
  const { origin, base, authorized, patient: api } = createRegistryApi({ ...options, access }, 'pull,push');
  const reader = createRegistryReader({ ...options, access, retries: Math.min(retries, LOOK_RETRIES) });

  const routes: Routes = { host: registry.host, root: `${origin}/v2/`, repository: base, api };
  const held = { patient: api, authorized, clock, head: { isRefused: false } };

  return {
    async prepare(signal) {
      const response = await api({ method: 'GET', url: routes.root, signal });
      if (response.status < 400) {
        const body = await readText(response).catch(() => '');
        return refuseWebServer(webPageIn(response, body), 'root', routes, signal);
      }
      const problem = await readProblem(response);
      const said = saidMeaning(problem);
      const ends = response.status === 401 || (said !== undefined && ENDS_AT_ONCE.has(said));
      if (ends) throw refusalError(`log in to ${registry.host}`, refusalOf(problem));
      // A proxy that knows repositories only is no reason to give up.
      await refuseWebServer(problem.page, 'root', routes, signal);
    },
    checkAccess: (signal) => checkPushAccess({ target, signal }, routes, authorized),
    largestBlob: largestBlobOf(registry.host),
    pushBlob: (push) =>
      pushBlob(push, {
        ...{ transport: authorized, base, target, framing, retries },
        ...{ clock, silenceMs, host, heldSize },
      }),
    hasBlob: (descriptor, signal) =>
      isHeld(
        { what: `blob ${descriptor.digest}`, url: `${base}/blobs/${descriptor.digest}`, descriptor, signal },
        held,
      ),
    checkBlob(descriptor, signal) {
      const file = descriptor.annotations?.[HF_PATH];
      const what = `blob ${descriptor.digest}${file === undefined ? '' : ` (${file})`} in ${target}`;
      // Blobs have no media type of their own in a registry.
      const blob = { ...descriptor, mediaType: '*/*' };
      return checkHeld({ what, url: `${base}/blobs/${blob.digest}`, descriptor: blob, signal }, held);
    },
    async pushManifest(manifest, signal) {
      const { digest } = manifest.descriptor;
      await put(`push the manifest to ${target}`, digest, manifest, signal);
      await check(digest, manifest, signal);
    },
    async tagManifest(manifest, tag, signal) {
      await put(`tag ${target}:${tag}`, tag, manifest, signal);
      await check(tag, manifest, signal).catch((error: unknown) => {
        throw maybeMoved(error);
      });
    },
    resolveTag: reader.resolveTag,
    readManifest: reader.readManifest,
    readBlob: reader.readBlob,
    formatReference: (name) => formatReference(location, name),
  };

  function put(what: string, reference: string, manifest: Document, signal: AbortSignal): Promise<void> {
    return putManifest(
      { what, url: `${base}/manifests/${reference}`, manifest, signal },
      { once: withRedirects(5)(authorized), retries, clock, onRetry },
    );
  }

  function check(reference: string, { descriptor }: Document, signal: AbortSignal): Promise<void> {
    const url = `${base}/manifests/${reference}`;
    return checkHeld({ what: `manifest ${reference} in ${target}`, url, descriptor, signal }, held);
  }
}

/** Another push may have moved the tag since we set it. */
function maybeMoved(error: unknown): unknown {
  if (!(error instanceof ModelcarError) || error.code !== 'CONTENT_MISMATCH') return error;
  return new ModelcarError(error.code, error.message, {
    hint: 'Look for another push that moved the tag at the same time; the image of this push is kept by its digest.',
    cause: error,
  });
}
