import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { startCountingRelay } from '../support/counting-relay.ts';
import { runCli, variablesOf } from '../support/run-cli.ts';
import { describePeers, type PeerName } from './peers.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startOlareg } from './start-olareg.ts';
import type { RunningRegistry } from './start-registry.ts';

const MODEL = 'acme/small-files';
const FILES = 40;

let hub: FakeHub;
let folder: string;
/** Of the same model in an OCI layout. */
let manifestDigest: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'small-layers-'));
  const files = Array.from({ length: FILES }, (_, at) => [
    at === 0 ? 'config.json' : `part-${at}.json`,
    synthetic({ size: 20 * 1024, seed: at + 1, lfs: false }),
  ]);
  hub = await startFakeHub({ repos: [{ id: MODEL, files: Object.fromEntries(files) }] });
  manifestDigest = (await pushTo(`oci:${join(folder, 'layout')}:v1`)).MANIFESTDIGEST;
});

afterAll(async () => {
  await hub?.close();
  await rm(folder, { recursive: true, force: true });
});

async function pushTo(reference: string) {
  const run = await runCli(['push', MODEL, reference], { env: { HF_ENDPOINT: hub.endpoint } });
  expect(run).toMatchObject({ code: 0 });
  return variablesOf(run);
}

/** How often each kind of request came that a layer is sent with, and over how many connections. */
async function counted(start: () => Promise<RunningRegistry>) {
  const registry = await start();
  const requests: string[] = [];
  let connections = 0;
  const relay = await startCountingRelay(registry.host, {
    weather: (connection) => {
      connections = connection;
      return {};
    },
    async onPiece(direction, piece) {
      const [, method, target = ''] = /^(POST|PATCH|PUT) (\S+) HTTP\/1/.exec(piece.toString('latin1')) ?? [];
      if (direction === 'up' && target.includes('/blobs/'))
        requests.push(target.includes('digest=') ? `${method} with the digest` : `${method}`);
    },
  });
  try {
    const { MANIFESTDIGEST } = await pushTo(`${relay.host}/models/small:v1`);
    expect(MANIFESTDIGEST).toBe(manifestDigest);
    const of = (kind: string) => requests.filter((request) => request === kind).length;
    return {
      connections,
      posted: of('POST with the digest'),
      opened: of('POST'),
      patched: of('PATCH'),
      put: of('PUT with the digest'),
    };
  } finally {
    await relay.close();
    await registry.stop();
  }
}

/** The layers, and the config. */
const BLOBS = FILES + 1;
/** As many as go at once: each has a connection, and the others are on their way while the first finds out. */
const AT_ONCE = 8;

const distributions = {
  'docker-registry': startDockerRegistry,
  'distribution-3': startDistribution3,
} satisfies Partial<Record<PeerName, () => Promise<RunningRegistry>>>;

for (const name of ['docker-registry', 'distribution-3'] as const) {
  describePeers([name], `small layers into ${name}`, () => {
    test('cost two requests each, and one tried with all of a layer in vain, on kept connections', async () => {
      const { connections, ...requests } = await counted(distributions[name]);
      expect(requests).toEqual({ posted: 1, opened: BLOBS - 1, patched: 0, put: BLOBS });
      expect(connections).toBeLessThanOrEqual(AT_ONCE);
    });
  });
}

describePeers(['olareg'], 'small layers into olareg', () => {
  test('cost one request each, but for those that begin before it is known, on kept connections', async () => {
    const { connections, posted, opened, patched, put } = await counted(startOlareg);
    expect(opened).toBeLessThan(AT_ONCE);
    expect([posted, patched, put]).toEqual([BLOBS - opened, 0, opened]);
    expect(connections).toBeLessThanOrEqual(AT_ONCE);
  });
});
