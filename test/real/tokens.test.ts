import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PushOptions, PushResult } from '../../src/index.ts';
import { writeProgram } from '../support/recipe.ts';
import { failureOf } from '../support/rejection.ts';
import { runCli } from '../support/run-cli.ts';
import { secret } from '../support/secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { type BigPush, bigPush } from './big-push.ts';
import type { DistributionOptions } from './distribution-config.ts';
import { describePeers } from './peers.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { type Gate, startGate } from './start-gate.ts';
import type { RunningRegistry } from './start-registry.ts';
import { startTokenServer, type TokenServer, type TokenServerOptions } from './start-token-server.ts';

const MIB = 2 ** 20;
/** Header and end of the layer, its config, and the frames of neither. */
const LITTLE = 16_384;

interface TokenWorld {
  readonly gate: Gate;
  readonly server: TokenServer;
  readonly big: BigPush;
  push(options?: Partial<PushOptions>): Promise<PushResult>;
  /** The statuses of all requests of a method. */
  statuses(method: string): readonly (number | undefined)[];
  /** Bytes of the bodies that the registry has taken. */
  bytesTaken(): number;
}

interface WorldOptions extends TokenServerOptions {
  readonly start?: (options: DistributionOptions) => Promise<RunningRegistry>;
  readonly size: number;
  readonly seconds: number;
  readonly chunkSize?: number;
}

/** A registry that lets in who has a token, a token server, and a model that takes so many seconds to come. */
async function tokenWorld({
  start = startDistribution3,
  size,
  seconds,
  chunkSize,
  ...tokens
}: WorldOptions): Promise<TokenWorld> {
  const server = await startTokenServer(tokens);
  onTestFinished(() => server.close());
  const registry = await start({ token: server.authority });
  onTestFinished(() => registry.stop());
  const gate = await startGate(registry.host);
  onTestFinished(() => gate.close());
  const big = await bigPush({ size, bytesPerSecond: size / seconds });
  const { username, password } = server;
  const credentials = async () =>
    ({ credentials: { kind: 'account', username, password }, origin: 'the test' }) as const;
  return {
    gate,
    server,
    big,
    push: (options) =>
      big.pushTo(gate.host, { registry: { credentials, ...(chunkSize && { chunkSize }) }, ...options }),
    statuses: (method) => gate.log.filter((entry) => entry.method === method).map(({ status }) => status),
    bytesTaken: () =>
      gate.log.reduce(
        (sum, { method, status, bytes }) => sum + (method === 'PATCH' && status === 202 ? bytes : 0),
        0,
      ),
  };
}

/** All of `work`, at the same time: it waits more than it works. */
async function together<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  await Promise.all(all.map(work));
}

/** Renewed every 0.75 s; a busy machine has another second before the registry refuses one. */
const SHORT = { lifeSeconds: 2, toldSeconds: 1 };

const BOTH = [startDockerRegistry, startDistribution3];

describePeers(['docker-registry', 'distribution-3'], 'a registry whose tokens live five seconds', () => {
  test('gets a push of eight: one token for each life, no request is refused, no byte is sent twice', async () => {
    const size = 16 * MIB;
    await together([2 * MIB, undefined], async (chunkSize) => {
      const start = chunkSize === undefined ? startDockerRegistry : startDistribution3;
      const world = await tokenWorld({
        start,
        size,
        seconds: 8,
        lifeSeconds: 5,
        ...(chunkSize && { chunkSize }),
      });
      await world.push();
      expect(new Set(world.statuses('PATCH'))).toEqual(new Set([202]));
      expect(world.gate.log.filter(({ status }) => status === 401)).toHaveLength(1); // the one that asks who we are
      expect(world.bytesTaken() - size).toBeLessThan(LITTLE);
      expect(world.server.answers.length).toBeGreaterThanOrEqual(chunkSize ? 3 : 2);
      expect(world.server.answers.length).toBeLessThanOrEqual(5);
      expect(world.big.retries()).toEqual([]);
    });
  });
});

describePeers(['docker-registry', 'distribution-3'], 'a token that dies', () => {
  test('inside one body does no harm: the commit has the next one, or is refused once and sent again', async () => {
    const told = BOTH.flatMap((start) => [
      { start, lifeSeconds: 2, toldSeconds: 1, puts: [201] },
      { start, lifeSeconds: 1, toldSeconds: 300, puts: [401, 201] },
    ]);
    await together(told, async ({ start, puts, ...lives }) => {
      const world = await tokenWorld({ start, size: 4 * MIB, seconds: 3.5, ...lives });
      await world.push();
      expect(world.statuses('PATCH')).toEqual([202]);
      expect(world.statuses('PUT').slice(0, puts.length)).toEqual(puts);
      expect(world.big.retries()).toEqual([]);
    });
  });

  test('before its told end, between two chunks: one new token, the same session, only the refused chunk again', async () => {
    await together(BOTH, async (start) => {
      const size = 8 * MIB;
      const world = await tokenWorld({
        start,
        size,
        seconds: 3,
        chunkSize: MIB,
        lifeSeconds: 1,
        toldSeconds: 300,
      });
      await world.push();
      const refused = world.statuses('PATCH').filter((status) => status === 401);
      expect(refused.length).toBeGreaterThanOrEqual(1);
      expect(world.statuses('POST')).toEqual([202, 202]);
      expect(world.bytesTaken() - size).toBeLessThan(LITTLE);
      const refusals = world.gate.log.filter(({ status }) => status === 401).length;
      // Fewer where requests that run at once are refused together: the checks of the blobs share one renewal.
      expect(world.server.answers.length).toBeLessThanOrEqual(refusals);
    });
  });

  test('before it comes ends the push at once, and not after many tokens', async () => {
    const world = await tokenWorld({ size: MIB, seconds: 1, lifeSeconds: -60, toldSeconds: 300 });
    const error = await failureOf(world.push());
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining(world.gate.host) });
    expect(world.server.answers).toEqual([200]);
  });
});

describePeers(['distribution-3'], 'a token server', () => {
  test('that does not say how long its tokens live is asked once in a minute', async () => {
    const world = await tokenWorld({
      size: MIB,
      seconds: 1,
      lifeSeconds: 60,
      toldSeconds: 'absent',
      chunkSize: MIB / 4,
    });
    await world.push();
    expect(world.server.answers).toEqual([200]);
  });

  test('that is away for a while costs a pause, and no byte', async () => {
    const size = 8 * MIB;
    const world = await tokenWorld({ size, seconds: 2, ...SHORT, chunkSize: MIB });
    const pushed = world.push();
    await expect.poll(() => world.bytesTaken()).toBeGreaterThan(MIB);
    world.server.trouble = 503;
    const refusals = () => world.server.answers.filter((status) => status === 503).length;
    await expect.poll(refusals).toBeGreaterThanOrEqual(3);
    world.server.trouble = undefined;
    await pushed;
    expect(world.bytesTaken() - size).toBeLessThan(LITTLE);
    expect(world.statuses('POST')).toEqual([202, 202]);
  });

  test('that refuses in the middle ends the push with its own words, and the next push goes on there', async () => {
    const size = 8 * MIB;
    const world = await tokenWorld({ size, seconds: 2, ...SHORT, chunkSize: MIB });
    const stateFile = join(await tempFolder(), 'state.json');
    const pushed = failureOf(world.push({ stateFile }));
    await expect.poll(() => world.bytesTaken()).toBeGreaterThan(MIB);
    world.server.trouble = 401;
    expect(await pushed).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringMatching(/cannot get a token for .*: 401 .*no token for you/),
      hint: expect.any(String),
    });
    world.server.trouble = undefined;
    await world.push({ stateFile });
    const resumed = world.big.events.find((event) => event.type === 'layer-resumed');
    expect(resumed).toMatchObject({ offset: expect.any(Number) });
    expect(world.bytesTaken() - size).toBeLessThan(LITTLE);
  });
});

describePeers(
  ['distribution-3'],
  'a credential helper whose password changes in the middle of a push',
  () => {
    test('is run a second time, and no oftener', async () => {
      const world = await tokenWorld({ size: 8 * MIB, seconds: 3, ...SHORT });
      const folder = await tempFolder();
      const config = { credHelpers: { [world.gate.host]: 'rotating' } };
      await writeFile(join(folder, 'config.json'), JSON.stringify(config));
      await writeFile(join(folder, 'password'), world.server.password);
      await writeProgram(
        join(folder, 'bin', 'docker-credential-rotating'),
        `cat > /dev/null
echo run >> '${folder}/runs'
printf '{"ServerURL":"","Username":"ada","Secret":"%s"}' "$(cat '${folder}/password')"`,
      );
      const env = {
        HF_ENDPOINT: world.big.hub.endpoint,
        DOCKER_CONFIG: folder,
        PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter),
      };
      const args = ['push', 'acme/big', `${world.gate.host}/acme/big:v1`, '--chunk-mib', '1'];
      const run = runCli(args, { env });
      await expect.poll(() => world.bytesTaken()).toBeGreaterThan(2 * MIB);
      world.server.password = `other-${secret('registry password')}`;
      await writeFile(join(folder, 'password'), world.server.password);
      expect(await run).toMatchObject({ code: 0 });
      expect((await readFile(join(folder, 'runs'), 'utf8')).match(/run/g)).toHaveLength(2);
      expect(world.server.answers.filter((status) => status === 401)).toHaveLength(1);
      expect(world.server.answers.length).toBeGreaterThan(3);
    });
  },
);
