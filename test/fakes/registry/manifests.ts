import { type Answer, refuse, refuseAll } from './answer.ts';
import { readAll } from './body.ts';
import { isDigest } from './digest.ts';
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
  const { withoutLength, maxBytes, tooLarge, location, tagParameter, brokenReference } = personality.manifest;
  if (!isReference(reference)) {
    return brokenReference === 'not-routed' ? personality.notRouted : refuse(brokenReference);
  }
  if (withoutLength !== 'accepted' && contentLength === undefined) return refuse(withoutLength);
  const bytes = await readAll(world, exchange, maxBytes);
  if (!bytes) return refuse(tooLarge);
  const mediaType = (exchange.request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const manifest = parseManifest(mediaType, bytes);
  if (!manifest) return refuse({ status: 400, code: 'MANIFEST_INVALID', message: 'manifest invalid' });
  const { otherSchema, otherMediaType } = personality.manifest;
  if (manifest.schemaVersion !== 2 && otherSchema !== 'accepted') return refuse(otherSchema);
  if ((manifest.mediaType ?? mediaType) !== mediaType && otherMediaType !== 'accepted') {
    return refuse(otherMediaType);
  }
  const digest = sha256Of(bytes);
  const byDigest = reference.includes(':');
  const tags = tagParameter === 'ignored' ? [] : exchange.url.searchParams.getAll('tag');
  if (!byDigest && tags.length > 0) {
    return refuse({ status: 400, code: 'UNSUPPORTED', message: 'the operation is unsupported' });
  }
  if (byDigest && reference !== digest) {
    const message = 'provided digest did not match uploaded content';
    return refuse({ status: 400, code: 'DIGEST_INVALID', message });
  }
  const missing = missingParts(world, repository, manifest);
  if (missing.length > 0) {
    return refuseAll(missing.map((detail) => ({ ...personality.manifest.unknownBlob, detail })));
  }
  const taken = store.repositories.get(repository)?.tags.has(reference) ?? false;
  if (taken && world.immutableTags.has(reference)) return refuse(personality.manifest.tagTaken);
  store.putManifest(repository, mediaType, bytes);
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
  const { unknown, hiddenWithoutAccept } = world.personality.manifest;
  if (!manifest) return refuse(unknown);
  const { digest, mediaType, bytes } = manifest;
  const accept = exchange.request.headers.accept ?? '';
  if (!accept.includes(mediaType)) return refuse(hiddenWithoutAccept);
  const { etags } = world.personality;
  const headers = {
    ...world.personality.manifest.headers,
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
  const { pages, largestPage = Number.POSITIVE_INFINITY, ...rules } = world.personality.tags;
  const { unknownRepository, brokenCount, linkAfter, emptyPage } = rules;
  if (!known && unknownRepository !== 'empty-list') return refuse(unknownRepository);
  const tags = [...(known?.tags.keys() ?? [])];
  if (pages === 'none') return json(world, { name: repository, tags });
  const { searchParams } = exchange.url;
  const last = searchParams.get('last') ?? '';
  const asked = searchParams.get('n') ?? '';
  const counts = /^\d+$/.test(asked);
  if (asked !== '' && !counts && brokenCount !== 'ignored') return refuse(brokenCount);
  const count = Math.min(counts ? Number(asked) : Number.POSITIVE_INFINITY, largestPage);
  const rest = tags.sort().filter((tag) => tag > last);
  const page = rest.slice(0, count);
  const end = page.at(-1);
  const more =
    end !== undefined && (page.length < rest.length || (linkAfter === 'full-page' && page.length === count));
  const next = `</v2/${repository}/tags/list?last=${encodeURIComponent(end ?? '')}&n=${count}>; rel=${pages === 'quoted' ? '"next"' : 'next'}`;
  return json(
    world,
    { name: repository, tags: end === undefined ? emptyPage : page },
    more ? { link: next } : {},
  );
}

/** `GET …/referrers/<digest>`: an index, never a 404, wherever the API exists (distribution-spec 1.1). */
export function listReferrers(world: World, exchange: Exchange): Answer {
  if (world.personality.referrers === 'none') return world.personality.notRouted;
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
    world,
    { schemaVersion: 2, mediaType: imageIndex, manifests },
    { 'content-type': imageIndex, ...(filter === null ? {} : { 'oci-filters-applied': 'artifactType' }) },
  );
}

function json(
  { personality }: World,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status: 200,
    headers: { 'content-type': personality.listType, ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** A tag (distribution-spec, "Pulling manifests") or a digest. */
function isReference(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text) || isDigest(text);
}

interface ParsedManifest {
  readonly schemaVersion: unknown;
  readonly mediaType: unknown;
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
  if (!isRecord(value)) return undefined;
  const image = mediaType === imageManifest || mediaType === dockerManifest;
  if (!image && mediaType !== imageIndex && mediaType !== dockerList) return undefined;
  const config = isRecord(value.config) ? value.config : {};
  const artifactType = value.artifactType ?? config.mediaType;
  return {
    schemaVersion: value.schemaVersion,
    mediaType: value.mediaType,
    // A manifest without a config names one that nobody has.
    blobs: image ? digestsOf([{ digest: '', ...config }, ...listOf(value.layers)]) : [],
    manifests: image ? [] : digestsOf(listOf(value.manifests)),
    subject: digestsOf([value.subject])[0],
    artifactType: typeof artifactType === 'string' ? artifactType : undefined,
    annotations: value.annotations,
  };
}

function missingParts({ store, personality }: World, repository: string, manifest: ParsedManifest): string[] {
  const children = personality.manifest.checksIndex ? manifest.manifests : [];
  return [
    ...manifest.blobs.filter((digest) => !store.blob(repository, digest)),
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
