import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { startCountingRelay } from '../support/counting-relay.ts';
import { type CliOptions, type CliRun, runCli, variablesOf } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describePeers, type PeerName } from './peers.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startOlareg } from './start-olareg.ts';
import type { RunningRegistry } from './start-registry.ts';

const MIB = 2 ** 20;
const SIZE = 256 * MIB;

/** A push that a signal ends half-way, the same push again, and one into an empty registry to compare with. */
async function interrupted(start: () => Promise<RunningRegistry>, signal: NodeJS.Signals) {
  const files = { 'model.safetensors': synthetic({ size: SIZE }) };
  const hub = await startFakeHub({ repos: [{ id: 'acme/big', files }] });
  const registry = await start();
  const relay = await startCountingRelay(registry.host);
  const state = join(await tempFolder(), 'state.json');
  onTestFinished(async () => {
    await Promise.all([hub.close(), relay.close()]);
    await registry.stop();
  });
  const push = (repository: string, options: CliOptions = {}): Promise<CliRun> =>
    runCli(['push', 'acme/big', `${relay.host}/${repository}:v1`], {
      env: { HF_ENDPOINT: hub.endpoint, STATE_FILE: state },
      ...options,
    });
  // The source stands still, so that the signal finds the upload where it is.
  hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: SIZE / 2, seconds: 120 });
  const when = () => expect.poll(() => relay.bytesUp, { timeout: 30_000 }).toBeGreaterThan(SIZE / 2 - MIB);
  const first = await push('acme/big', { kill: { signal, when } });
  const again = await push('acme/big');
  const sent = relay.bytesUp;
  const whole = await push('acme/other', {});
  return { first, again, sent, digests: [again, whole].map((run) => variablesOf(run).MANIFESTDIGEST) };
}

const CASES: readonly (readonly [PeerName, () => Promise<RunningRegistry>, NodeJS.Signals])[] = [
  ['distribution-3', startDistribution3, 'SIGKILL'],
  ['olareg', startOlareg, 'SIGKILL'],
  ['distribution-3', startDistribution3, 'SIGTERM'],
  ['docker-registry', startDockerRegistry, 'SIGTERM'],
];

for (const [name, start, signal] of CASES) {
  describePeers([name], `a push to ${name} that ${signal} ended half-way`, () => {
    test('is taken up where it was: in all hardly more is sent than the layer, and the image is the same', async () => {
      const { again, sent, digests } = await interrupted(start, signal);
      expect(again.code).toBe(0);
      expect(again.stderr).toContain('going on with models/model.safetensors where an earlier run left it');
      expect(sent / SIZE).toBeLessThan(1.1);
      expect(digests[0]).toBe(digests[1]);
    });
  });
}

describePeers(['docker-registry'], 'a push to docker-registry 2.8 that SIGKILL ended half-way', () => {
  test('begins again, because the registry lost the session, and says so', async () => {
    const { again, digests } = await interrupted(startDockerRegistry, 'SIGKILL');
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('beginning models/model.safetensors anew: the registry has lost');
    expect(digests[0]).toBe(digests[1]);
  });
});
