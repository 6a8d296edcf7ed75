import type { SizeLimit } from '../../core/size-limit.ts';
import { type HostProfile, UNKNOWN_HOST } from './host-profile.ts';

const MIB = 2 ** 20;
const GB = 10 ** 9;

interface Seed {
  readonly hosts: RegExp;
  readonly profile?: Partial<HostProfile>;
  readonly largestBlob?: SizeLimit;
}

/** What was said of Amazon's: parts of 5 to 10 MiB; see the first of the seeds. */
const ECR: Partial<HostProfile> = {
  smallestChunk: 5 * MIB,
  largestChunk: 10 * MIB,
  rangeTrusted: false,
  lastChunkInPut: true,
  appends: false,
};

/** distribution answers 202 to a blob in a POST, and throws it away. */
const DISTRIBUTION: Partial<HostProfile> = { posts: 'refused' };

/**
 * What is known of hosted registries before the first request. None of them could be asked here: it is what their
 * documentation and issue trackers say, so everything that can be learned on the way is learned over it.
 */
const SEEDS: readonly Seed[] = [
  {
    // Parts of 5 to 10 MiB, a Range that stays at the first of them (aws/containers-roadmap#2831), an empty last PUT
    // that fails (cirruslabs/tart#159); https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
    hosts: /^\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)$/,
    profile: ECR,
    largestBlob: { size: 52_000 * MIB, whose: 'Amazon ECR', firm: true },
  },
  {
    hosts: /^public\.ecr\.aws$/,
    profile: ECR,
    largestBlob: { size: 10_000 * MIB, whose: 'Amazon ECR Public', firm: true },
  },
  {
    // "does not support chunked uploads": https://cloud.google.com/artifact-registry/docs/reference/docker-api
    hosts: /^([a-z0-9-]+\.pkg\.dev|([a-z]+\.)?gcr\.io)$/,
    profile: { ranges: 'refused', streams: 'first', appends: false },
  },
  {
    // https://docs.github.com/packages/working-with-a-github-packages-registry/working-with-the-container-registry
    hosts: /^(ghcr\.io|containers\.[a-z0-9-]+\.ghe\.com)$/,
    // Its ten minutes for an upload show as cuts: an earlier end of each request is the best that can be tried.
    profile: { ...DISTRIBUTION, largestChunk: 4 * MIB, requestMs: 300_000 },
    largestBlob: { size: 10 * GB, whose: 'GitHub', firm: true },
  },
  // By its Locations distribution 2.x: a cut costs the session, tokens live for five minutes.
  { hosts: /^(docker\.io|registry-1\.docker\.io|registry\.gitlab\.com)$/, profile: DISTRIBUTION },
  // The chunks of Azure's own SDK.
  { hosts: /^[a-z0-9-]+\.azurecr\.(io|cn|us)$/, profile: { ...DISTRIBUTION, largestChunk: 4 * MIB } },
  // MAXIMUM_LAYER_SIZE of Quay's configuration; its own service may have another.
  { hosts: /^quay\.io$/, largestBlob: { size: 20 * GB, whose: 'Quay', firm: true } },
  // By plan: https://docs.digitalocean.com/products/container-registry/details/limits/
  {
    hosts: /^registry\.digitalocean\.com$/,
    largestBlob: { size: 5 * GB, whose: 'DigitalOcean, in its smaller plans,', firm: false },
  },
];

/** @param host `host[:port]` */
export function profileOf(host: string): HostProfile {
  return { ...UNKNOWN_HOST, ...seedOf(host)?.profile };
}

/** The largest layer that the registry is known to take. */
export function largestBlobOf(host: string): SizeLimit | undefined {
  return seedOf(host)?.largestBlob;
}

function seedOf(host: string): Seed | undefined {
  return SEEDS.find(({ hosts }) => hosts.test(host));
}
