import { dist28 } from './distribution-personalities.ts';
import type { Personality } from './personality.ts';

/*
 * Registries that cannot run here, as their sources, documentation and issue trackers describe them. What is not
 * known of one is taken from distribution 2.8, so a test may rely only on the fields a record sets itself.
 */

/** Sessions without any state in their Location. */
export const stateless: Personality['offset'] = {
  parameter: 'none',
  signed: false,
  stale: { GET: 'fine', PATCH: 'fine', PUT: 'fine', DELETE: 'fine' },
  broken: { status: 404, code: 'BLOB_UPLOAD_INVALID' },
};

const rangeInvalid = { status: 416, code: 'RANGE_INVALID', message: 'invalid content range' };

/**
 * zot drops an upload whose body it could not read to the end (pkg/api/routes.go, PatchBlobUpload), and since 2.1.17
 * reads no request for longer than a minute.
 */
export const zot: Personality = {
  ...dist28,
  name: 'zot',
  location: 'relative',
  offset: stateless,
  patch: { ...dist28.patch, contentRange: 'checked-with-length', contentType: 'any' },
  afterCut: 'deleted',
  cancel: { scope: 'push' },
  mount: {
    ...dist28.mount,
    withoutFrom: 'any-repository',
    fromAlone: { status: 405, code: 'UNSUPPORTED' },
  },
  limits: { requestSeconds: 60 },
  referrers: 'native',
};

/** Quay counts from one end when asked and from the other when told (endpoints/v2/blob.py). Its layers have 20 GB. */
export const quay: Personality = {
  ...dist28,
  name: 'quay',
  post: { ...dist28.post, range: 'bytes-inclusive-minus-one' },
  offset: stateless,
  patch: {
    ...dist28.patch,
    contentRange: 'overlap-skipped',
    wrongRange: { ...rangeInvalid, tells: ['range', 'location'] },
  },
  status: { supported: true, range: 'bytes-exclusive', location: false, head: 'answered' },
  afterCut: 'rolled-back',
  put: { ...dist28.put, wrongDigest: { ...dist28.put.wrongDigest, session: 'deleted' } },
  tokenLifeSeconds: 3_600,
  limits: {
    layerBytes: {
      limit: 20_000_000_000,
      refusal: { status: 413, code: 'BLOB_UPLOAD_INVALID', message: 'Uploaded blob is larger than allowed' },
    },
  },
  referrers: 'native',
};

/** Forgejo and Gitea stream once per upload, and a cut leaves the file longer than the database thinks. */
export const forgejo: Personality = {
  ...dist28,
  name: 'forgejo',
  location: 'relative',
  offset: stateless,
  patch: {
    ...dist28.patch,
    contentRange: 'checked',
    streamAfterFirstWrite: {
      status: 400,
      code: 'BLOB_UPLOAD_INVALID',
      message: 'Stream uploads after first write are not allowed',
    },
  },
  status: { supported: true, range: 'exclusive', location: false, head: 'answered' },
  afterCut: 'poisoned',
};

const mebibyte = 1024 * 1024;

/**
 * ECR answers 201, its Range stays at the first part, and parts under 5 MiB fail at the PUT, which has to bring the
 * last one itself (tart#159).
 */
export const ecr: Personality = {
  ...dist28,
  name: 'ecr',
  post: { ...dist28.post, missingRepository: 'connection-closed' },
  offset: stateless,
  patch: {
    ...dist28.patch,
    status: 201,
    range: 'first-chunk',
    chunks: {
      min: 5 * mebibyte,
      max: 10 * mebibyte,
      minRefusedAtPut: true,
      only: 'with-content-range',
      tooLarge: { status: 400, code: 'LayerPartTooLarge' },
      unequal: { status: 400, code: 'LayerPartTooSmall', message: 'the layer part is too small' },
    },
  },
  status: { supported: true, range: 'first-chunk', location: true, head: 'answered' },
  afterCut: 'deleted',
  put: { ...dist28.put, emptyAfterChunks: { status: 500, code: 'UNKNOWN' } },
  // Mounted only where a manifest of the source names the blob (containers-roadmap#2860).
  mount: { ...dist28.mount, withFrom: 'session' },
  manifest: {
    ...dist28.manifest,
    location: 'none',
    // Also to the same digest (containers-roadmap#2179).
    tagTaken: {
      status: 400,
      code: 'TAG_INVALID',
      message:
        'The image tag already exists in the repository and cannot be overwritten because the tag is immutable.',
    },
  },
  referrers: 'native',
};

/**
 * GHCR refuses a chunk over 4 MiB with a 416 that has nothing to do with the offset (wash#268), and gives an upload
 * ten minutes and a layer 10 GB.
 */
export const ghcr: Personality = {
  ...dist28,
  name: 'ghcr',
  patch: {
    ...dist28.patch,
    chunks: {
      max: 4 * mebibyte,
      only: 'with-content-range',
      tooLarge: { status: 416, code: 'RANGE_INVALID', message: 'chunk exceeds the maximum of 4.00MiB' },
    },
  },
  limits: {
    uploadSeconds: 600,
    layerBytes: {
      limit: 10_000_000_000,
      refusal: {
        status: 413,
        code: 'BLOB_UPLOAD_INVALID',
        message: 'the layer exceeds the maximum of 10 GB',
      },
    },
  },
};

/** Artifact Registry: "does not support chunked uploads"; its uploads live outside /v2/. */
export const gar: Personality = {
  ...dist28,
  name: 'gar',
  location: 'artifacts-uploads',
  offset: stateless,
  patch: { ...dist28.patch, contentRange: 'refused' },
  status: { supported: false, refusal: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' } },
  afterCut: 'deleted',
  tokenLifeSeconds: 3_600,
  referrers: 'native',
};

/** Container Registry, which came before it: the same refusal as a 400. */
export const gcr: Personality = {
  ...gar,
  name: 'gcr',
  location: 'absolute',
  patch: { ...gar.patch, wrongRange: { status: 400, code: 'UNSUPPORTED', tells: [] } },
};

/**
 * ACR: distribution by its Locations, with a limit on what one PUT may carry (harbor#23015) and a 416 for one that
 * comes again (acr#866). It reads `bytes 0-9/10` as no Content-Range at all.
 */
export const acr: Personality = {
  ...dist28,
  name: 'acr',
  locationQuery: '_nouploadcache=false',
  patch: {
    ...dist28.patch,
    contentRange: 'form-checked',
    brokenRange: { status: 400, code: 'BLOB_UPLOAD_INVALID' },
  },
  put: {
    ...dist28.put,
    again: rangeInvalid,
    maxBytes: { limit: 20_000_000, refusal: { status: 413, code: 'BLOB_UPLOAD_INVALID' } },
  },
  tokenLifeSeconds: 4_500,
  referrers: 'native',
};

/** cloudflare/serverless-registry: parts of an R2 multipart upload, so all of one size but the last. */
export const r2: Personality = {
  ...dist28,
  name: 'r2',
  post: {
    ...dist28.post,
    headers: { 'oci-chunk-min-length': '5242880', 'oci-chunk-max-length': '100000000' },
  },
  location: 'relative',
  offset: { ...stateless, parameter: '_stateHash' },
  patch: {
    ...dist28.patch,
    contentRange: 'checked',
    wrongRange: { ...rangeInvalid, tells: ['range', 'location'] },
    chunks: {
      min: 5_242_880,
      max: 100_000_000,
      equal: true,
      tooLarge: { status: 413, code: 'SIZE_INVALID' },
      unequal: rangeInvalid,
    },
  },
  afterCut: 'rolled-back',
  referrers: 'native',
};

/** Pulp answers a chunk with 204 (pulp_container#2199) and a mount it cannot do with 404. */
export const pulp: Personality = {
  ...dist28,
  name: 'pulp',
  offset: stateless,
  patch: {
    ...dist28.patch,
    status: 204,
    contentRange: 'checked',
    streamAfterFirstWrite: { status: 500, code: 'UNKNOWN' },
    wrongRange: { status: 500, code: 'UNKNOWN', tells: [] },
  },
  afterCut: 'rolled-back',
  mount: { ...dist28.mount, notThere: { status: 404, code: 'BLOB_UNKNOWN' } },
};

/**
 * Harbor is distribution 2.8 behind its own permissions: a mount from an unknown project is a 401 (harbor#17097).
 * Its proxy sets a cookie at each answer to a POST.
 */
export const harbor: Personality = {
  ...dist28,
  name: 'harbor',
  post: { ...dist28.post, headers: { 'set-cookie': 'sid=0; Path=/; HttpOnly' } },
  tokenLifeSeconds: 1_800,
  mount: { ...dist28.mount, notThere: { status: 401, code: 'UNAUTHORIZED' } },
  // Its check does not look at the digest (src/server/middleware/immutable/pushmf.go).
  manifest: {
    ...dist28.manifest,
    tagTaken: { status: 412, code: 'PRECONDITION', message: 'configured as immutable' },
  },
};

/** Nexus wants to know how long a manifest is (nexus-public#1040). */
export const nexus: Personality = {
  ...dist28,
  name: 'nexus',
  manifest: { ...dist28.manifest, withoutLength: { status: 411, code: 'SIZE_INVALID' } },
};
