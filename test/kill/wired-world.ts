import { join } from 'node:path';
import { type FakeHub, startFakeHub, synthetic, text } from '../fakes/hub/fake-hub.ts';
import type { RunningRegistry } from '../real/start-registry.ts';
import { type CountingRelay, type RelayOptions, startCountingRelay } from '../support/counting-relay.ts';
import { type CliOptions, type CliRun, runCli } from '../support/run-cli.ts';

const MIB = 2 ** 20;

export const MODEL = 'acme/kill';
export const REPOSITORY = 'acme/image';
export const TAG = 'v1';

/** Sizes of the files that are not small: odd, so that no layer ends where a buffer does. */
export const FULL_SIZES: readonly number[] = [64 * MIB + 1, 16 * MIB - 511, 16 * MIB + 777];
export const SMALL_SIZES: readonly number[] = [12 * MIB + 1, 4 * MIB - 511, 3 * MIB + 777];

/** A local Hub that holds the model; both of its origins are reached through relays. */
export interface WiredHub {
  readonly hub: FakeHub;
  /** For `HF_ENDPOINT`. */
  readonly endpoint: string;
  readonly api: CountingRelay;
  readonly cdn: CountingRelay;
  /** Bytes that the Hub and its CDN have sent. */
  readonly bytesRead: number;
  close(): Promise<void>;
}

export async function startWiredHub(
  sizes: readonly number[],
  { api: toApi = {}, cdn: toCdn = {} }: { readonly api?: RelayOptions; readonly cdn?: RelayOptions } = {},
): Promise<WiredHub> {
  const weights = sizes.map((size, at) => [`model-${at + 1}.safetensors`, synthetic({ size, seed: at + 1 })]);
  const small = { 'config.json': text('{"model_type":"llama"}\n'), 'tokenizer.json': text('{}\n') };
  const hub = await startFakeHub({
    repos: [{ id: MODEL, files: { ...Object.fromEntries(weights), ...small } }],
  });
  const [api, cdn] = await Promise.all([
    startCountingRelay(new URL(hub.endpoint).host, toApi),
    startCountingRelay(`127.0.0.1:${new URL(hub.cdnOrigin).port}`, toCdn),
  ]);
  // The CDN must stay another origin than the Hub: it never sees a token.
  hub.knobs.cdnOrigin = `http://localhost:${cdn.host.split(':')[1]}`;
  return {
    hub,
    endpoint: `http://${api.host}`,
    api,
    cdn,
    get bytesRead() {
      return api.bytesDown + cdn.bytesDown;
    },
    async close() {
      await Promise.all([api.close(), cdn.close()]);
      await hub.close();
    },
  };
}

/** Everything that one push needs. */
export interface PushPlace {
  readonly hub: WiredHub;
  readonly registryHost: string;
  /** A folder of its own for the state file. */
  readonly stateFolder: string;
  readonly flags?: readonly string[];
}

/** The built command pushes the model. */
export function push(
  { hub, registryHost, stateFolder, flags = [] }: PushPlace,
  options: CliOptions = {},
): Promise<CliRun> {
  const env = { HF_ENDPOINT: hub.endpoint, STATE_FILE: stateFile(stateFolder) };
  return runCli(['push', MODEL, `${registryHost}/${REPOSITORY}:${TAG}`, ...flags], { env, ...options });
}

export function stateFile(folder: string): string {
  return join(folder, 'state.json');
}

/** The digest that the tag names, undefined where nothing is tagged; asked of the registry itself. */
export async function taggedDigest({ host }: Pick<RunningRegistry, 'host'>): Promise<string | undefined> {
  const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
  const answer = await fetch(`http://${host}/v2/${REPOSITORY}/manifests/${TAG}`, { method: 'HEAD', headers });
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw new Error(`asked for the tag, the registry said ${answer.status}`);
  return answer.headers.get('docker-content-digest') ?? '';
}
