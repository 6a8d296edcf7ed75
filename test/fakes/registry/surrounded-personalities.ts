import { dist28 } from './distribution-personalities.ts';
import { stateless } from './hosted-personalities.ts';
import type { Personality } from './personality.ts';

/* Registries that differ from distribution 2.8 by what stands before them, and by what they do not know. */

/** Docker Hub differs from distribution 2.8 by what it lets through: tokens of five minutes, and 429 with Retry-After. */
export const hub: Personality = {
  ...dist28,
  name: 'hub',
  tokenLifeSeconds: 300,
  limits: { rate: { requests: 200, seconds: 60 } },
  manifest: {
    ...dist28.manifest,
    tagTaken: { status: 403, code: 'DENIED', message: 'requested access to the resource is denied' },
  },
};

/** Artifactory in a cluster: an upload is known to the node that began it, and the next request may go to another. */
export const artifactoryHa: Personality = {
  ...dist28,
  name: 'artifactory-ha',
  offset: stateless,
  nodes: { count: 2, spread: 'in-turn', sticky: 'no' },
  referrers: 'native',
};

/** A registry over object storage copies a blob at its commit, for longer than the proxy before it has patience. */
export const slowCommit: Personality = {
  ...dist28,
  name: 'slow-commit',
  limits: { commitLooks: 3 },
};

/** A registry that knows the monolithic PUT alone, as distribution-spec allows ("Pushing blobs"). */
export const putOnly: Personality = {
  ...dist28,
  name: 'put-only',
  patch: { ...dist28.patch, supported: { status: 405, code: 'UNSUPPORTED' } },
};

/** A server, or a proxy before it, that wants to know the length of every body (RFC 9110 §15.5.12). */
export const lengthOnly: Personality = {
  ...dist28,
  name: 'length-only',
  patch: { ...dist28.patch, withoutLength: { status: 411, code: 'SIZE_INVALID' } },
  manifest: { ...dist28.manifest, withoutLength: { status: 411, code: 'SIZE_INVALID' } },
};
