import { describe, expect, test } from 'vitest';
import { UNKNOWN_HOST } from './host-profile.ts';
import { largestBlobOf, profileOf } from './host-seeds.ts';

const GB = 10 ** 9;
const MIB = 2 ** 20;

describe('the largest layer is known of', () => {
  test.each<[host: string, size: number, firm: boolean]>([
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 52_000 * MIB, true],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 52_000 * MIB, true],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 52_000 * MIB, true],
    ['123456789012.dkr-ecr.eu-west-1.on.aws', 52_000 * MIB, true],
    ['public.ecr.aws', 10_000 * MIB, true],
    ['ghcr.io', 10 * GB, true],
    ['containers.acme.ghe.com', 10 * GB, true],
    ['quay.io', 20 * GB, true],
    ['registry.digitalocean.com', 5 * GB, false],
  ])('%s', (host, size, firm) => {
    expect(largestBlobOf(host)).toMatchObject({ size, firm });
  });

  test.each(['docker.io', 'registry.test:5000', 'notghcr.io', 'ghcr.io.evil.test', 'quay.io:8443'])(
    'and not of %s',
    (host) => {
      expect(largestBlobOf(host)).toBeUndefined();
    },
  );
});

describe('how to send is known of', () => {
  test.each(['europe-docker.pkg.dev', 'gcr.io', 'eu.gcr.io'])('%s: no ranges', (host) => {
    expect(profileOf(host)).toEqual({
      ...UNKNOWN_HOST,
      ranges: 'refused',
      streams: 'first',
      appends: false,
    });
  });

  test('Azure and GitHub: chunks of 4 MiB at most', () => {
    expect(profileOf('acme.azurecr.io').largestChunk).toBe(4 * MIB);
    expect(profileOf('ghcr.io').largestChunk).toBe(4 * MIB);
  });

  test('ECR: chunks of 5 to 10 MiB, the last one in the PUT, and no word of it on what it has', () => {
    expect(profileOf('123456789012.dkr.ecr.eu-west-1.amazonaws.com')).toMatchObject({
      smallestChunk: 5 * MIB,
      largestChunk: 10 * MIB,
      lastChunkInPut: true,
      rangeTrusted: false,
    });
  });

  test.each(['docker.io', 'registry.gitlab.com', 'ghcr.io', 'acme.azurecr.io'])(
    '%s: no blob in a POST, as with all that come from distribution',
    (host) => {
      expect(profileOf(host).posts).toBe('refused');
    },
  );

  test.each(['quay.io', 'registry.test:5000'])('and nothing that would change a request of %s', (host) => {
    expect(profileOf(host)).toEqual(UNKNOWN_HOST);
  });
});
