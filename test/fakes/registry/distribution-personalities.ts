import { notRouted, nowhere } from './answer.ts';
import { oneNode } from './nodes.ts';
import type { Personality } from './personality.ts';

const uploadInvalid = { status: 404, code: 'BLOB_UPLOAD_INVALID', message: 'blob upload invalid' };
const uploadUnknown = {
  status: 404,
  code: 'BLOB_UPLOAD_UNKNOWN',
  message: 'blob upload unknown to registry',
};
const rangeInvalid = { status: 416, code: 'RANGE_INVALID', message: 'invalid content range' };
const digestInvalid = {
  status: 400,
  code: 'DIGEST_INVALID',
  message: 'provided digest did not match uploaded content',
};

const unknownError = { status: 500, code: 'UNKNOWN', message: 'unknown error' };
const manifestInvalid = { status: 400, code: 'MANIFEST_INVALID', message: 'manifest invalid' };

/**
 * distribution 2.8, also inside Harbor. The offset lives in the signed `_state` of the Location and every verb
 * compares it with the bytes on disk, the status request included, so a cut body loses the session for good:
 * https://github.com/distribution/distribution/blob/v2.8.2/registry/handlers/blobupload.go
 */
export const dist28: Personality = {
  name: 'dist28',
  headers: { 'docker-distribution-api-version': 'registry/2.0' },
  errorType: 'application/json; charset=utf-8',
  listType: 'application/json; charset=utf-8',
  notRouted,
  post: {
    withoutSlash: 'redirected',
    range: 'inclusive',
    headers: {},
    monolithic: 'ignored',
    missingRepository: 'created',
  },
  location: 'absolute',
  uploadUuid: 'sent',
  offset: {
    parameter: '_state',
    signed: true,
    stale: { GET: uploadInvalid, PATCH: uploadInvalid, PUT: uploadInvalid, DELETE: uploadInvalid },
    broken: uploadInvalid,
  },
  unknownSession: uploadUnknown,
  patch: {
    supported: 'yes',
    withoutLength: 'accepted',
    status: 202,
    range: 'inclusive',
    contentRange: 'ignored',
    brokenRange: unknownError,
    rangeEnd: 'read',
    wrongRange: { ...rangeInvalid, tells: [] },
    streamAfterFirstWrite: 'accepted',
    contentRangeOnPut: 'ignored',
    contentType: 'octet-stream-only',
  },
  status: { supported: true, range: 'inclusive', location: true, head: 'answered' },
  afterCut: 'kept',
  put: {
    wrongDigest: { ...digestInvalid, session: 'kept' },
    noDigest: 'malformed',
    emptyAfterChunks: 'accepted',
    again: 'unknown',
    digestAnswered: 'sha256',
  },
  tokenLifeSeconds: 300,
  limits: {},
  nodes: oneNode,
  cancel: { scope: 'delete' },
  mount: {
    withFrom: 'mounted',
    fromAlone: 'session',
    withoutFrom: 'session',
    alreadyThere: 'as-any',
    notThere: 'session',
    brokenDigest: 'session',
  },
  manifest: {
    maxBytes: 4 * 1024 * 1024,
    tooLarge: manifestInvalid,
    brokenReference: 'not-routed',
    otherSchema: unknownError,
    otherMediaType: manifestInvalid,
    withoutLength: 'accepted',
    location: 'sent',
    unknownBlob: { status: 400, code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown to registry' },
    checksIndex: true,
    unknown: { status: 404, code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' },
    hiddenWithoutAccept: {
      status: 404,
      code: 'MANIFEST_UNKNOWN',
      message: 'OCI manifest found, but accept header does not support OCI manifests',
    },
    headers: {},
    tagParameter: 'ignored',
    // distribution has no immutable tags; a gateway in front of it may.
    tagTaken: { status: 409, code: 'DENIED', message: 'tag is immutable' },
  },
  referrers: 'none',
  tags: {
    pages: 'none',
    linkAfter: 'more-there',
    emptyPage: [],
    brokenCount: 'ignored',
    unknownRepository: {
      status: 404,
      code: 'NAME_UNKNOWN',
      message: 'repository name not known to registry',
    },
  },
  etags: 'sent',
  unreadBody: 'closed',
};

/**
 * distribution 3.1: the status request looks at the stored bytes only, a stale Location gets a bare 416, and a
 * Content-Range counts when a Content-Length stands beside it:
 * https://github.com/distribution/distribution/blob/v3.1.1/registry/handlers/blobupload.go
 */
export const dist3: Personality = {
  ...dist28,
  name: 'dist3',
  errorType: 'application/json',
  listType: 'application/json',
  offset: {
    ...dist28.offset,
    stale: { GET: 'fine', PATCH: rangeInvalid, PUT: rangeInvalid, DELETE: rangeInvalid },
  },
  patch: { ...dist28.patch, contentRange: 'checked-with-length' },
  unreadBody: 'closed-late',
  tags: {
    ...dist28.tags,
    pages: 'quoted',
    linkAfter: 'full-page',
    emptyPage: null,
    brokenCount: {
      status: 400,
      code: 'PAGINATION_NUMBER_INVALID',
      message: 'invalid number of results requested',
    },
  },
};

const olaregInvalid = { status: 400, code: 'BLOB_UPLOAD_INVALID', message: 'blob upload invalid' };

const olaregSize = {
  status: 416,
  code: 'SIZE_INVALID',
  message: 'provided length did not match content length',
};

const olaregUnknown = {
  status: 404,
  code: 'MANIFEST_UNKNOWN',
  message: 'manifest unknown to registry',
};

const notAllowed = { status: 405, code: 'UNSUPPORTED', message: 'The operation is unsupported.' };

/** olareg 0.2: relative Locations, an unsigned state, and 400 for whatever it does not know. */
export const olareg: Personality = {
  ...dist28,
  name: 'olareg',
  errorType: 'text/plain; charset=utf-8',
  listType: 'application/json',
  notRouted: nowhere,
  post: {
    withoutSlash: 'accepted',
    range: 'none',
    headers: {},
    monolithic: { ...olaregInvalid, detail: 'digest mismatch' },
    missingRepository: 'created',
  },
  location: 'relative',
  uploadUuid: 'none',
  offset: {
    parameter: 'state',
    signed: false,
    stale: { GET: 'fine', PATCH: olaregInvalid, PUT: olaregInvalid, DELETE: 'fine' },
    broken: olaregInvalid,
  },
  unknownSession: { ...uploadUnknown, status: 400 },
  patch: {
    ...dist28.patch,
    range: 'inclusive-minus-one',
    contentRange: 'checked',
    brokenRange: olaregSize,
    rangeEnd: 'passed-over',
    wrongRange: { ...olaregSize, tells: ['range'] },
    contentRangeOnPut: 'checked',
    contentType: 'any',
  },
  status: { supported: true, range: 'inclusive-minus-one', location: true, head: notAllowed },
  put: {
    ...dist28.put,
    wrongDigest: {
      ...olaregInvalid,
      detail: `invalid digest, expected: sha256:${'0'.repeat(64)}`,
      session: 'deleted',
    },
    noDigest: 'wrong',
    digestAnswered: 'as-asked',
  },
  cancel: { scope: 'push' },
  manifest: {
    ...dist28.manifest,
    maxBytes: 8 * 1024 * 1024,
    tooLarge: { ...manifestInvalid, status: 413 },
    brokenReference: digestInvalid,
    otherSchema: 'accepted',
    otherMediaType: 'accepted',
    unknownBlob: {
      status: 400,
      code: 'MANIFEST_BLOB_UNKNOWN',
      message: 'manifest references a manifest or blob unknown to registry',
    },
    unknown: olaregUnknown,
    hiddenWithoutAccept: olaregUnknown,
    headers: { 'accept-ranges': 'bytes' },
    tagParameter: 'digest-only',
    tagTaken: { status: 409, code: 'DENIED', message: 'tag is immutable' },
  },
  mount: { ...dist28.mount, alreadyThere: 'created', brokenDigest: digestInvalid },
  referrers: 'native',
  tags: {
    pages: 'unquoted',
    linkAfter: 'more-there',
    emptyPage: [],
    brokenCount: 'ignored',
    unknownRepository: 'empty-list',
  },
  etags: 'none',
};
