import { onTestFinished } from 'vitest';
import { parseModelId, type ResolvedModel, type Sibling } from '../../src/core/model.ts';
import type { ImageReader, ImageTarget } from '../../src/core/ports.ts';
import type { RegistryCredentials } from '../../src/core/registry-credentials.ts';
import { verified } from '../../src/core/verified.ts';
import { createNodeTransport, type NodeTransportOptions } from '../../src/http/node-http.ts';
import type { HttpRequest, Transport } from '../../src/http/transport.ts';
import { createHubSource } from '../../src/hub/hub-source.ts';
import type { RegistryApiOptions } from '../../src/registry/registry-api.ts';
import { createRegistryReader } from '../../src/registry/registry-reader.ts';
import { createRegistryTarget } from '../../src/registry/registry-target.ts';
import { capturingErrors } from '../support/captures.ts';
import { hubToken, secret } from '../support/secrets.ts';
import { testClock } from '../support/test-clock.ts';

export const COMMIT: string = 'c'.repeat(40);
const TOKEN: string = hubToken('hub token');
export const PASSWORD: string = secret('password');
export const FILE: Sibling = { path: 'w.bin', size: 1000, oid: { algorithm: 'sha256', hex: 'a'.repeat(64) } };

export interface HostileOptions extends NodeTransportOptions {
  /** Milliseconds that an answer may take to begin, and that a body may stall. */
  readonly patienceMs?: number;
  readonly retries?: number;
  /** Instead of the network. */
  readonly transport?: Transport;
}

interface HostileHub {
  resolve(): Promise<ResolvedModel>;
  /** Reads {@link FILE}, or another, through the check of its hash; gives the number of bytes. */
  read(sibling?: Sibling): Promise<number>;
}

/** Our client of the Hub at `endpoint`, with a token that nobody else may see, on a clock that does not wait. */
export function hubClient(endpoint: string, options: HostileOptions = {}): HostileHub {
  const source = createHubSource({
    endpoint,
    token: TOKEN,
    metadataTimeoutMs: options.patienceMs ?? 5_000,
    stallTimeoutMs: options.patienceMs ?? 5_000,
    retries: options.retries ?? 2,
    transport: network(endpoint, options),
    clock: testClock({ date: Date.now() }),
  });
  const { signal } = new AbortController();
  const id = parseModelId('acme/llama');
  const model = { id, revision: 'main', commit: COMMIT, siblings: [FILE] };
  return {
    resolve: () => capturingErrors('resolving a model', source.resolve(id, 'main', signal)),
    async read(sibling = FILE) {
      const content = source.file(model, sibling);
      let size = 0;
      for await (const chunk of verified(content, { name: sibling.path, oid: sibling.oid }).open()) {
        size += chunk.length;
      }
      return size;
    },
  };
}

interface HostileRegistry {
  readonly target: ImageTarget;
  readonly reader: ImageReader;
  readonly signal: AbortSignal;
}

/** Our client of the registry at `origin`, with an account, on a clock that does not wait. */
export function registryClient(origin: string, options: HostileOptions = {}): HostileRegistry {
  const { protocol, host } = new URL(origin);
  const credentials: RegistryCredentials = { kind: 'account', username: 'ada', password: PASSWORD };
  const api: RegistryApiOptions = {
    registry: { scheme: protocol === 'https:' ? 'https' : 'http', host },
    repository: 'acme/llama',
    credentials: async () => ({ credentials, origin: 'the test' }),
    retries: options.retries ?? 2,
    transport: network(origin, options),
    clock: testClock({ date: Date.now() }),
  };
  return {
    target: createRegistryTarget({ ...api, framing: 'stream' }),
    reader: createRegistryReader(api),
    signal: new AbortController().signal,
  };
}

/** A transport with the limits of the test, whatever a request asks for; the user named `origin`. */
function network(origin: string, { patienceMs, transport, ...options }: HostileOptions): Transport {
  const { send, close } = createNodeTransport({ home: { origin }, ...options });
  onTestFinished(close);
  const limits = patienceMs === undefined ? {} : { answerTimeoutMs: patienceMs, stallTimeoutMs: patienceMs };
  return transport ?? ((request: HttpRequest) => send({ ...request, ...limits }));
}
