import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSource } from '../../src/core/bytes.ts';
import { buildImage, layerDescriptor } from '../../src/core/image.ts';
import { tarLayer } from '../../src/core/tar-layer.ts';
import { type FakeHub, startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { type CountingRelay, type RelayOptions, startCountingRelay } from '../support/counting-relay.ts';
import { type CliOptions, type CliRun, runCli } from '../support/run-cli.ts';
import type { RunningRegistry } from './start-registry.ts';

/** The built command between a Hub with a model of one file and a registry, with a relay that counts on the way there. */
export interface DisturbedPush {
  readonly hub: FakeHub;
  readonly relay: CountingRelay;
  /** Pushes the model to `acme/big:v1`, each time with the same state file. */
  push(options?: CliOptions, ...flags: string[]): Promise<CliRun>;
}

export interface DisturbedPushOptions extends RelayOptions {
  /** Of the file, in bytes. */
  readonly size: number;
  readonly start: () => Promise<RunningRegistry>;
}

const NAME = 'model.safetensors';

export async function withDisturbedPush<T>(
  { size, start, ...relayOptions }: DisturbedPushOptions,
  use: (push: DisturbedPush) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'disturbed-push-'));
  const hub = await startFakeHub({ repos: [{ id: 'acme/big', files: { [NAME]: synthetic({ size }) } }] });
  const registry = await start();
  const relay = await startCountingRelay(registry.host, relayOptions);
  const env = { HF_ENDPOINT: hub.endpoint, STATE_FILE: join(folder, 'state.json') };
  const push = (options: CliOptions = {}, ...flags: string[]) =>
    runCli(['push', 'acme/big', `${relay.host}/acme/big:v1`, ...flags], { env, ...options });
  try {
    return await use({ hub, relay, push });
  } finally {
    await Promise.all([hub.close(), relay.close()]);
    await registry.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const digests = new Map<number, Promise<string>>();

/** The digest of the image of a model of that size, from its bytes alone: nothing is pushed for it. */
export function rightDigest(size: number): Promise<string> {
  const known = digests.get(size) ?? computeDigest(size);
  digests.set(size, known);
  return known;
}

async function computeDigest(size: number): Promise<string> {
  const { source } = synthetic({ size });
  const file: ByteSource = {
    size,
    async *open() {
      yield* source.read(0, size);
    },
  };
  const layer = tarLayer(`models/${NAME}`, file, 'standard');
  const [hex, layerHex] = [await hexOf(file), await hexOf(layer)];
  const sibling = { path: NAME, size, oid: { algorithm: 'sha256', hex } } as const;
  const blob = { digest: `sha256:${layerHex}`, size: layer.size } as const;
  return buildImage([layerDescriptor(sibling, blob)]).manifest.descriptor.digest;
}

async function hexOf(content: ByteSource): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content.open()) hash.update(chunk);
  return hash.digest('hex');
}
