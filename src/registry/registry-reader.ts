import type { Descriptor } from '../core/descriptor.ts';
import { type Digest, isDigest, sha256 } from '../core/digest.ts';
import { DOCUMENT_LIMIT } from '../core/image.ts';
import { DOCKER_INDEX, DOCKER_MANIFEST, INDEX, MANIFEST } from '../core/media-type.ts';
import type { FoundBlob, ImageReader, StoredManifest } from '../core/ports.ts';
import { formatReference, type ManifestName, type TargetLocation } from '../core/reference.ts';
import {
  discard,
  type HttpRequest,
  type HttpResponse,
  readBytes,
  type Transport,
} from '../http/transport.ts';
import { listAllTags } from './list-all-tags.ts';
import { answerText, noRegistryError, type Routes, refuseWebServer } from './no-registry.ts';
import { createRegistryApi, type RegistryApiOptions } from './registry-api.ts';
import { readProblem, refusalError, refusalOf } from './registry-error.ts';

/** Without it registries turn a manifest into another kind, or hide it. */
const ACCEPT = [MANIFEST, INDEX, DOCKER_MANIFEST, DOCKER_INDEX].join(', ');

/** What a registry, or a proxy before it, answers to HEAD when only GET is let through: presigned URLs know one method. */
const HEAD_REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 405, 501]);

type Question = Omit<HttpRequest, 'headers' | 'signal'> & { readonly signal: AbortSignal };

/** Reads one repository of a registry that speaks the OCI distribution-spec 1.1. */
export function createRegistryReader(options: RegistryApiOptions): ImageReader {
  const { registry, repository } = options;
  const location: TargetLocation = { kind: 'registry', registry, repository };
  const target = formatReference(location);
  const { origin, base, patient } = createRegistryApi(options, 'pull');
  let latest: HttpResponse | undefined;
  const api: Transport = async (request) => {
    latest = await patient(request);
    return latest;
  };
  const routes: Routes = { host: registry.host, root: `${origin}/v2/`, repository: base, api };

  /** Undefined where the answer is that there is none. */
  async function ask(what: string, request: Question): Promise<HttpResponse | undefined> {
    const response = await api({ ...request, headers: { accept: ACCEPT } });
    if (response.status === 200) return response;
    if (request.method === 'HEAD' && HEAD_REFUSED.has(response.status)) {
      await discard(response);
      return ask(what, { ...request, method: 'GET' });
    }
    const problem = await readProblem(response);
    await refuseWebServer(problem.page, 'repository', routes, request.signal);
    if (response.status !== 404) throw refusalError(what, refusalOf(problem));
    return undefined;
  }

  async function readManifest(
    name: ManifestName,
    limit: number,
    signal: AbortSignal,
  ): Promise<StoredManifest | undefined> {
    const reference = 'tag' in name ? name.tag : name.digest;
    const url = `${base}/manifests/${reference}`;
    const response = await ask(`read ${formatReference(location, name)}`, { method: 'GET', url, signal });
    if (response === undefined) return undefined;
    const mediaType = response.headers['content-type']?.split(';')[0]?.trim();
    const bytes = await readBytes(response, limit);
    if (isForeign(bytes, response)) throw noRegistryError(registry.host, answerText(response));
    return { bytes, mediaType, digest: namedDigest(response) };
  }

  async function findBlob({ digest, size }: Descriptor, signal: AbortSignal): Promise<FoundBlob | undefined> {
    const what = `check blob ${digest} in ${target}`;
    const url = `${base}/blobs/${digest}`;
    let response = await ask(what, { method: 'HEAD', url, signal });
    // A proxy may answer HEAD without a length or with 0; the head of a GET tells that from a blob that was cut to nothing.
    if (response !== undefined && size > 0 && !contentLength(response)) {
      await discard(response);
      response = await ask(what, { method: 'GET', url, signal });
    }
    if (response === undefined) return undefined;
    await discard(response);
    return { size: contentLength(response), digest: namedDigest(response) };
  }

  return {
    listTags: (signal) => listAllTags({ target, signal }, routes),
    async resolveTag(tag, signal) {
      const url = `${base}/manifests/${tag}`;
      const what = `read ${formatReference(location, { tag })}`;
      const response = await ask(what, { method: 'HEAD', url, signal });
      if (response === undefined) return undefined;
      await discard(response);
      const named = namedDigest(response);
      if (named !== undefined) return named;
      const manifest = await readManifest({ tag }, DOCUMENT_LIMIT + 1, signal);
      // The digest of less than everything would be of something else.
      return manifest && manifest.bytes.length <= DOCUMENT_LIMIT ? sha256(manifest.bytes) : undefined;
    },
    readManifest,
    async readBlob(digest, limit, signal) {
      const url = `${base}/blobs/${digest}`;
      const response = await ask(`read blob ${digest} of ${target}`, { method: 'GET', url, signal });
      return response && readBytes(response, limit);
    },
    findBlob,
    formatReference: (name) => formatReference(location, name),
    redact: (text) => latest?.redact(text) ?? text,
  };
}

/** A manifest is a JSON object. A registry that keeps other bytes at least names their digest. */
function isForeign(bytes: Uint8Array, response: HttpResponse): boolean {
  const start = Buffer.from(bytes.subarray(0, 1024)).toString('latin1').trimStart();
  return start !== '' && !start.startsWith('{') && response.headers['docker-content-digest'] === undefined;
}

function namedDigest({ headers }: HttpResponse): Digest | undefined {
  const named = headers['docker-content-digest'];
  return named !== undefined && isDigest(named) ? named : undefined;
}

function contentLength({ headers }: HttpResponse): number | undefined {
  const length = headers['content-length'] ?? '';
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
