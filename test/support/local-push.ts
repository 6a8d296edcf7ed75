import { onTestFinished } from 'vitest';
import {
  type CheckedPlan,
  type PushEvent,
  type PushOptions,
  type PushResult,
  parseImageReference,
  planPush,
  pushModel,
} from '../../src/index.ts';
import { type FakeHub, type FakeHubOptions, startFakeHub } from '../fakes/hub/fake-hub.ts';
import {
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../fakes/registry/fake-registry.ts';
import { capture, capturingErrors } from './captures.ts';

export interface LocalPush {
  readonly hub: FakeHub;
  readonly registry: FakeRegistry;
  readonly events: readonly PushEvent[];
  /** Pushes `model` to the repository of the same name, tagged `v1`. */
  push(model: string, options?: Partial<PushOptions>): Promise<PushResult>;
  plan(model: string, options?: Partial<PushOptions>): Promise<CheckedPlan>;
  /** The layers of a tag, in their order. */
  layers(repository: string, tag?: string): readonly Buffer[];
}

/** The public API between a Hub and a registry on the loopback, both gone when the test is over. */
export async function localPush(
  hubOptions: FakeHubOptions,
  registryOptions: FakeRegistryOptions = {},
  /** The library from source, unless it is to be the one that was built: only that one has threads. */
  library: Pick<typeof import('../../src/index.ts'), 'pushModel' | 'planPush'> = { pushModel, planPush },
): Promise<LocalPush> {
  const hub = await startFakeHub(hubOptions);
  onTestFinished(() => hub.close());
  const registry = await startFakeRegistry(registryOptions);
  onTestFinished(() => registry.close());
  const events: PushEvent[] = [];
  const captured = <T>(work: Promise<T>): Promise<T> =>
    capturingErrors('a push', work).finally(() => capture('an event', events));
  const toOptions = (model: string, options: Partial<PushOptions> = {}): PushOptions => ({
    model,
    target: parseImageReference(`${registry.host}/${model}`).location,
    tag: 'v1',
    ...options,
    hub: { endpoint: hub.endpoint, ...options.hub },
    onEvent: (event) => events.push(event),
  });
  return {
    hub,
    registry,
    events,
    push: (model, options) => captured(library.pushModel(toOptions(model, options))),
    plan: (model, options) => captured(library.planPush(toOptions(model, options))),
    layers(repository, tag = 'v1') {
      const digest = registry.tags(repository).get(tag) ?? '';
      const manifest = JSON.parse(String(registry.manifests(repository).get(digest)?.bytes));
      return manifest.layers.map((layer: { digest: string }) => {
        const bytes = registry.readBlob(repository, layer.digest);
        if (bytes === undefined) throw new Error(`${repository} does not hold ${layer.digest}`);
        return bytes;
      });
    },
  };
}
