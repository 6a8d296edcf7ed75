import { dist28 } from './distribution-personalities.ts';
import type { Personality } from './personality.ts';

/*
 * Registries that cannot run here, as their sources, documentation and issue trackers describe them. What is not
 * known of one is taken from distribution 2.8, so a test may rely only on the fields a record sets itself.
 */

/** Sessions without any state in their Location. */
const stateless: Personality['offset'] = {
  parameter: 'none',
  signed: false,
  stale: { GET: 'fine', PATCH: 'fine', PUT: 'fine', DELETE: 'fine' },
  broken: { status: 404, code: 'BLOB_UPLOAD_INVALID' },
};

const rangeInvalid = { status: 416, code: 'RANGE_INVALID', message: 'invalid content range' };

/** zot drops an upload whose body it could not read to the end (pkg/api/routes.go, PatchBlobUpload). */
export const zot: Personality = {
  ...dist28,
  name: 'zot',
  location: 'relative',
  offset: stateless,
  patch: { ...dist28.patch, contentRange: 'checked-with-length', contentType: 'any' },
  afterCut: 'deleted',
  cancel: { scope: 'push' },
  mount: { ...dist28.mount, withoutFrom: 'any-repository' },
  referrers: 'native',
};

/** Quay counts from one end when asked and from the other when told (endpoints/v2/blob.py). */
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

/** ECR answers 201, its Range stays at the first part, and parts under 5 MiB fail at the PUT. */
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
      minRefusedAtPut: true,
      only: 'with-content-range',
      tooLarge: { status: 400, code: 'LayerPartTooLarge' },
      unequal: { status: 400, code: 'LayerPartTooSmall', message: 'the layer part is too small' },
    },
  },
  put: { ...dist28.put, emptyAfterChunks: { status: 500, code: 'UNKNOWN' } },
  manifest: { ...dist28.manifest, location: 'none' },
  referrers: 'native',
};

/** GHCR refuses a chunk over 4 MiB with a 416 that has nothing to do with the offset (wash#268). */
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
};

/** Artifact Registry: "does not support chunked uploads"; its uploads live outside /v2/. */
export const gar: Personality = {
  ...dist28,
  name: 'gar',
  location: 'artifacts-uploads',
  offset: stateless,
  patch: { ...dist28.patch, contentRange: 'refused' },
  status: { supported: false, refusal: { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' } },
  referrers: 'native',
};

/** ACR: distribution by its Locations, with a limit on what one PUT may carry. */
export const acr: Personality = {
  ...dist28,
  name: 'acr',
  put: {
    ...dist28.put,
    maxBytes: { limit: 20_000_000, refusal: { status: 413, code: 'BLOB_UPLOAD_INVALID' } },
  },
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
    wrongRange: { status: 500, code: 'UNKNOWN', tells: [] },
  },
  afterCut: 'rolled-back',
  mount: { ...dist28.mount, notThere: { status: 404, code: 'BLOB_UNKNOWN' } },
};

/** Harbor is distribution 2.8 behind its own permissions: a mount from an unknown project is a 401 (harbor#17097). */
export const harbor: Personality = {
  ...dist28,
  name: 'harbor',
  mount: { ...dist28.mount, notThere: { status: 401, code: 'UNAUTHORIZED' } },
};

/** Nexus wants to know how long a manifest is (nexus-public#1040). */
export const nexus: Personality = {
  ...dist28,
  name: 'nexus',
  manifest: { ...dist28.manifest, withoutLength: { status: 411, code: 'SIZE_INVALID' } },
};
