import { onTestFinished } from 'vitest';
import type { Clock, ImageReader, ImageTarget } from '../../src/core/ports.ts';
import { createNodeTransport } from '../../src/http/node-http.ts';
import type { Transport } from '../../src/http/transport.ts';
import type { RegistryApiOptions } from '../../src/registry/registry-api.ts';
import { createRegistryReader } from '../../src/registry/registry-reader.ts';
import { createRegistryTarget } from '../../src/registry/registry-target.ts';
import type { PreferredFraming } from '../../src/registry/upload/framing.ts';
import type { FakeRegistry } from '../fakes/registry/fake-registry.ts';
import { testClock } from './test-clock.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
}

export interface RegistryTargetSetup {
  readonly repository?: string;
  readonly credentials?: Account | undefined;
  readonly framing?: PreferredFraming;
  readonly retries?: number;
  readonly clock?: Clock;
  /** The name that the registry goes by, such as `ghcr.io`, for what is known of it. */
  readonly as?: string;
  /** How long the source may be silent before a request ends; time of the machine. */
  readonly silenceMs?: number;
}

/** The registry target as `compose.ts` makes it, on a clock that does not wait. */
export function registryTarget(
  registry: Pick<FakeRegistry, 'host'>,
  setup: RegistryTargetSetup = {},
): ImageTarget {
  const { framing = 'stream', silenceMs } = setup;
  return createRegistryTarget({
    ...apiOptions(registry, setup),
    framing,
    ...(silenceMs !== undefined && { silenceMs }),
  });
}

/** The reader of the same repository. */
export function registryReader(
  registry: Pick<FakeRegistry, 'host'>,
  setup: RegistryTargetSetup = {},
): ImageReader {
  return createRegistryReader(apiOptions(registry, setup));
}

function apiOptions(registry: Pick<FakeRegistry, 'host'>, setup: RegistryTargetSetup): RegistryApiOptions {
  const transport = createNodeTransport();
  onTestFinished(() => transport.close());
  return {
    registry: { scheme: 'http', host: setup.as ?? registry.host },
    repository: setup.repository ?? 'acme/llama',
    credentials: async () =>
      setup.credentials && { credentials: { kind: 'account', ...setup.credentials }, origin: 'the test' },
    retries: setup.retries ?? 10,
    transport: setup.as === undefined ? transport.send : renamed(registry.host, setup.as, transport.send),
    clock: setup.clock ?? testClock(),
  };
}

/** Asks `real` where `name` is meant, and hears of `name` where the answer says `real`. */
function renamed(real: string, name: string, send: Transport): Transport {
  return async (request) => {
    const response = await send({
      ...request,
      url: request.url.replace(`http://${name}/`, `http://${real}/`),
    });
    const location = response.headers.location?.replace(`http://${real}/`, `http://${name}/`);
    return location === undefined ? response : { ...response, headers: { ...response.headers, location } };
  };
}
