import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { builtLibrary as library } from '../support/built-library.ts';
import { startCountingRelay } from '../support/counting-relay.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { bigPush } from './big-push.ts';
import { describePeers } from './peers.ts';
import { copyToFolder } from './read-back.ts';
import { startCuttingRelay } from './start-cutting-relay.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startGate } from './start-gate.ts';
import { type RunningNginx, startNginx } from './start-nginx.ts';
import type { RunningRegistry } from './start-registry.ts';

const MIB = 2 ** 20;
/** The frame of the layer, the config, the manifest, the heads of all requests. */
const LITTLE = 256 * 1024;

const BOTH = [startDockerRegistry, startDistribution3];

type Start = () => Promise<RunningRegistry>;

/** With both, at the same time: what differs is how much of a cut body they keep. */
async function withBoth(work: (start: Start) => Promise<void>): Promise<void> {
  await Promise.all(BOTH.map(work));
}

const UNLIMITED = 'client_max_body_size 0';
/** Bodies go through as they come; by default nginx takes all of a body before the registry hears of it. */
const UNBUFFERED = ['proxy_request_buffering off', 'proxy_http_version 1.1'];

/** nginx as Debian has it, in front of a registry of its own. */
async function nginxBefore(start: Start, directives: readonly string[]): Promise<RunningNginx> {
  const registry = await start();
  onTestFinished(() => registry.stop());
  const nginx = await startNginx(registry.host, directives);
  onTestFinished(() => nginx.stop());
  return nginx;
}

async function counted(host: string) {
  const relay = await startCountingRelay(host);
  onTestFinished(() => relay.close());
  return relay;
}

/** The requests that carried bodies, in order: status and declared length. */
async function patches(nginx: RunningNginx): Promise<readonly (readonly [number, number | undefined])[]> {
  const log = await nginx.log();
  return log
    .filter(({ method }) => method === 'PATCH')
    .map(({ status, length }) => [status, length] as const);
}

describePeers(['nginx', 'docker-registry', 'distribution-3'], 'nginx that lets through one mebibyte', () => {
  test('gets chunks that fit: found in eight requests, at the cost of less than 15 MB', async () => {
    await withBoth(async (start) => {
      const size = 24 * MIB;
      const nginx = await nginxBefore(start, ['client_max_body_size 1m']);
      const relay = await counted(nginx.host);
      const big = await bigPush({ size });
      const { manifestDigest } = await big.pushTo(relay.host);
      const sent = await patches(nginx);
      const found = sent.findIndex(([status]) => status === 202);
      expect(sent.slice(0, found).every(([status]) => status === 413)).toBe(true);
      expect(found).toBeLessThan(8);
      expect(sent.slice(found, found + 24)).toEqual(Array(24).fill([202, MIB]));
      expect(relay.bytesUp - size).toBeLessThan(15e6);
      expect(manifestDigest).toBe(await big.rightDigest());
    });
  });

  test('and hands on what comes gets them too, where its refusal in mid-body costs the session', async () => {
    await withBoth(async (start) => {
      const size = 24 * MIB;
      const nginx = await nginxBefore(start, ['client_max_body_size 1m', ...UNBUFFERED]);
      const relay = await counted(nginx.host);
      const big = await bigPush({ size });
      const { manifestDigest } = await big.pushTo(relay.host);
      const refused = (await patches(nginx)).filter(([status]) => status === 413);
      expect(refused[0]).toEqual([413, undefined]);
      expect(relay.bytesUp - size).toBeLessThan(15e6);
      expect(manifestDigest).toBe(await big.rightDigest());
    });
  });
});

describePeers(
  ['nginx', 'docker-registry', 'distribution-3'],
  'nginx that waits two seconds for the next byte',
  () => {
    test('does not end a push whose source stands still for four', async () => {
      const directives = [UNLIMITED, 'client_body_timeout 2s', ...UNBUFFERED];
      await withBoth(async (start) => {
        const size = 16 * MIB;
        const nginx = await nginxBefore(start, directives);
        const relay = await counted(nginx.host);
        const big = await bigPush({ size });
        big.hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: size / 2, seconds: 4 });
        const { manifestDigest } = await big.pushTo(relay.host);
        // docker-registry 2.8 loses what it has with a cut body.
        const most = start === startDockerRegistry ? 1.6 * size : size + LITTLE;
        expect(relay.bytesUp).toBeLessThan(most);
        expect(manifestDigest).toBe(await big.rightDigest());
      });
    });
  },
);

describePeers(
  ['nginx', 'docker-registry'],
  'a push of two models through nginx that lets through one mebibyte',
  () => {
    test('finds the size of its requests once', async () => {
      const nginx = await nginxBefore(startDockerRegistry, ['client_max_body_size 1m']);
      const big = await bigPush({ size: 4 * MIB, files: 2 });
      await big.pushTo(nginx.host);
      const statuses = (await patches(nginx)).map(([status]) => status);
      expect(statuses.lastIndexOf(413)).toBeLessThan(statuses.indexOf(202));
    });
  },
);

describePeers(['nginx', 'docker-registry'], 'nginx that does not wait for a slow commit', () => {
  test('answers 504, and the push finds the blob there: nothing is sent twice', async () => {
    const size = 8 * MIB;
    const registry = await startDockerRegistry();
    onTestFinished(() => registry.stop());
    let commits = 0;
    const slow = await startGate(registry.host, {
      holdAnswer({ method }, signal) {
        commits += method === 'PUT' ? 1 : 0;
        return method === 'PUT' && commits === 1 ? delay(1_500, undefined, { signal }) : undefined;
      },
    });
    onTestFinished(() => slow.close());
    const nginx = await startNginx(slow.host, [UNLIMITED, 'proxy_read_timeout 1s']);
    onTestFinished(() => nginx.stop());
    const relay = await counted(nginx.host);
    const big = await bigPush({ size });
    await big.pushTo(relay.host);
    const puts = (await nginx.log()).filter(({ method }) => method === 'PUT');
    expect(puts.map(({ status }) => status)).toContain(504);
    expect((await patches(nginx)).map(([status]) => status)).toEqual([202]);
    expect(relay.bytesUp - size).toBeLessThan(LITTLE);
  });
});

describePeers(
  ['nginx', 'docker-registry'],
  'nginx that reads its configuration anew in the middle of a push',
  () => {
    test('lets the request that runs come to its end, and takes the next ones: nothing is sent twice', async () => {
      const size = 16 * MIB;
      const nginx = await nginxBefore(startDockerRegistry, [UNLIMITED, ...UNBUFFERED]);
      const relay = await counted(nginx.host);
      const big = await bigPush({ size, bytesPerSecond: 8 * MIB });
      const pushed = big.pushTo(relay.host);
      await expect.poll(() => relay.bytesUp).toBeGreaterThan(4 * MIB);
      await nginx.reload();
      await pushed;
      expect(new Set((await nginx.log()).map(({ pid }) => pid)).size).toBe(2);
      expect(relay.bytesUp - size).toBeLessThan(LITTLE);
    });
  },
);

describePeers(
  ['nginx', 'docker-registry', 'skopeo'],
  'nginx with a limit of 64 MiB behind a line that breaks again and again',
  () => {
    test('gets the right image into docker-registry 2.8, every layer to the byte', async () => {
      const size = 512 * MIB;
      const nginx = await nginxBefore(startDockerRegistry, ['client_max_body_size 64m']);
      const relay = await startCuttingRelay(nginx.host, { meanBytes: 128 * MIB, seed: 55 });
      onTestFinished(() => relay.close());
      const big = await bigPush({ size, library });
      await big.pushTo(relay.host);
      expect(relay.cuts).toBeGreaterThanOrEqual(3);
      expect(relay.bytesUp).toBeLessThan(2 * size);
      const folder = join(await tempFolder(), 'copy');
      await copyToFolder(`${nginx.host}/acme/big:v1`, folder);
      expect(await wrongBlobs(folder)).toEqual([]);
    }, 180_000);
  },
);

/** The files that are not what their names say. */
async function wrongBlobs(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  expect(names.length).toBe(2);
  const wrong: string[] = [];
  for (const name of names) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, name)), hash);
    if (hash.digest('hex') !== name) wrong.push(name);
  }
  return wrong;
}
