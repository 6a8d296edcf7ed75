import { type Answer, notRouted, refuse, refuseAll } from './answer.ts';
import { readAll } from './body.ts';
import { type Exchange, placed, type World } from './exchange.ts';
import { sha256Of } from './store.ts';

const imageManifest = 'application/vnd.oci.image.manifest.v1+json';
const imageIndex = 'application/vnd.oci.image.index.v1+json';
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** `PUT …/manifests/<tag or digest>`: only what is whole may be tagged. */
export async function putManifest(world: World, exchange: Exchange): Promise<Answer> {
  const { personality, store } = world;
  const { repository, reference, contentLength } = exchange.entry;
  const { withoutLength, maxBytes, tooLarge, location, tagParameter } = personality.manifest;
  if (withoutLength !== 'accepted' && contentLength === undefined) return refuse(withoutLength);
  const bytes = await readAll(world, exchange, maxBytes);
  if (!bytes) return refuse(tooLarge);
  const mediaType = (exchange.request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const manifest = parseManifest(mediaType, bytes);
  if (!manifest) return refuse({ status: 400, code: 'MANIFEST_INVALID', message: 'manifest invalid' });
  const digest = sha256Of(bytes);
  const byDigest = reference.includes(':');
  if (byDigest && reference !== digest) {
    const message = 'provided digest did not match uploaded content';
    return refuse({ status: 400, code: 'DIGEST_INVALID', message });
  }
  const missing = missingParts(world, repository, manifest);
  if (missing.length > 0) {
    return refuseAll(missing.map((detail) => ({ ...personality.manifest.unknownBlob, detail })));
  }
  store.putManifest(repository, mediaType, bytes);
  const tags = tagParameter ? exchange.url.searchParams.getAll('tag') : [];
  for (const tag of byDigest ? tags : [reference]) store.tag(repository, tag, digest);
  return {
    status: 201,
    headers: {
      'docker-content-digest': digest,
      ...(location === 'sent'
        ? { location: placed(world, exchange, `/v2/${repository}/manifests/${digest}`) }
        : {}),
      ...(byDigest && tags.length > 0 ? { 'oci-tag': tags.join(', ') } : {}),
      ...(personality.referrers === 'native' && manifest.subject ? { 'oci-subject': manifest.subject } : {}),
    },
  };
}

/** `HEAD` and `GET …/manifests/<tag or digest>`. */
export function readManifest(world: World, exchange: Exchange): Answer {
  const { repository, reference } = exchange.entry;
  const manifest = world.store.manifest(repository, reference);
  if (!manifest) return refuse({ status: 404, code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' });
  const { digest, mediaType, bytes } = manifest;
  const accept = exchange.request.headers.accept ?? '';
  if (world.personality.manifest.hiddenWithoutAccept && !accept.includes(mediaType)) {
    const message = 'OCI manifest found, but accept header does not support OCI manifests';
    return refuse({ status: 404, code: 'MANIFEST_UNKNOWN', message });
  }
  const { etags } = world.personality;
  const headers = {
    'content-type': mediaType,
    'docker-content-digest': digest,
    ...(etags === 'sent' ? { etag: `"${digest}"` } : {}),
  };
  if (etags === 'sent' && exchange.request.headers['if-none-match'] === `"${digest}"`)
    return { status: 304, headers: {} };
  return { status: 200, headers, body: bytes };
}

/** `GET …/tags/list`, in pages where the registry has pages. */
export function listTags(world: World, exchange: Exchange): Answer {
  const { repository } = exchange.entry;
  const known = world.store.repositories.get(repository);
  const { pages, largestPage = Number.POSITIVE_INFINITY, unknownRepository } = world.personality.tags;
  if (!known && unknownRepository !== 'empty-list') return refuse(unknownRepository);
  const tags = [...(known?.tags.keys() ?? [])];
  if (pages === 'none') return json({ name: repository, tags });
  const { searchParams } = exchange.url;
  const last = searchParams.get('last') ?? '';
  const count = Math.min(Number(searchParams.get('n') ?? Number.POSITIVE_INFINITY), largestPage);
  const rest = tags.sort().filter((tag) => tag > last);
  const page = rest.slice(0, count);
  const end = page.at(-1);
  const more = end !== undefined && page.length < rest.length;
  const next = `</v2/${repository}/tags/list?last=${encodeURIComponent(end ?? '')}&n=${count}>; rel=${pages === 'quoted' ? '"next"' : 'next'}`;
  return json({ name: repository, tags: page }, more ? { link: next } : {});
}

/** `GET …/referrers/<digest>`: an index, never a 404, wherever the API exists (distribution-spec 1.1). */
export function listReferrers(world: World, exchange: Exchange): Answer {
  if (world.personality.referrers === 'none') return notRouted;
  const { repository, reference } = exchange.entry;
  const filter = exchange.url.searchParams.get('artifactType');
  const manifests = [...(world.store.repositories.get(repository)?.manifests.values() ?? [])]
    .map((manifest) => ({ manifest, parsed: parseManifest(manifest.mediaType, manifest.bytes) }))
    .filter(({ parsed }) => parsed?.subject === reference)
    .filter(({ parsed }) => filter === null || parsed?.artifactType === filter)
    .map(({ manifest, parsed }) => ({
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      size: manifest.bytes.length,
      ...(parsed?.artifactType === undefined ? {} : { artifactType: parsed.artifactType }),
      ...(parsed?.annotations === undefined ? {} : { annotations: parsed.annotations }),
    }));
  return json(
    { schemaVersion: 2, mediaType: imageIndex, manifests },
    { 'content-type': imageIndex, ...(filter === null ? {} : { 'oci-filters-applied': 'artifactType' }) },
  );
}

function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}

interface ParsedManifest {
  readonly blobs: readonly string[];
  readonly manifests: readonly string[];
  readonly subject: string | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: unknown;
}

function parseManifest(mediaType: string, bytes: Buffer): ParsedManifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.schemaVersion !== 2) return undefined;
  const image = mediaType === imageManifest || mediaType === dockerManifest;
  if (!image && mediaType !== imageIndex && mediaType !== dockerList) return undefined;
  const config = isRecord(value.config) ? value.config : {};
  const artifactType = value.artifactType ?? config.mediaType;
  return {
    blobs: image ? digestsOf([config, ...listOf(value.layers)]) : [],
    manifests: image ? [] : digestsOf(listOf(value.manifests)),
    subject: digestsOf([value.subject])[0],
    artifactType: typeof artifactType === 'string' ? artifactType : undefined,
    annotations: value.annotations,
  };
}

function missingParts({ store, personality }: World, repository: string, manifest: ParsedManifest): string[] {
  const { blobs, manifests } = manifest;
  const children = personality.manifest.checksIndex ? manifests : [];
  return [
    ...blobs.filter((digest) => !store.blob(repository, digest)),
    ...children.filter((digest) => !store.manifest(repository, digest)),
  ];
}

function digestsOf(descriptors: readonly unknown[]): string[] {
  return descriptors.flatMap((descriptor) => {
    const digest = isRecord(descriptor) ? descriptor.digest : undefined;
    return typeof digest === 'string' ? [digest] : [];
  });
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
