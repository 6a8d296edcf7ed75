import { onTestFinished } from 'vitest';
import { sha256 } from '../../src/core/digest.ts';
import type { PushEvent } from '../../src/core/event.ts';
import type { ImageTarget } from '../../src/core/ports.ts';
import { tarLayer } from '../../src/core/tar-layer.ts';
import { noJournal } from '../../src/push/no-journal.ts';
import { type CheckedPlan, planPush } from '../../src/push/plan-push.ts';
import { type PushRequest, type PushResult, push } from '../../src/push/push.ts';
import type { World } from '../../src/push/world.ts';
import {
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../fakes/registry/fake-registry.ts';
import type { LogEntry } from '../fakes/registry/request-log.ts';
import type { PathClass } from '../fakes/registry/routes.ts';
import { someBytes, watched } from './byte-sources.ts';
import { capture, capturingErrors } from './captures.ts';
import { type MemoryModel, memoryModel } from './memory-model.ts';
import { readAll } from './read-all.ts';
import { type RegistryTargetSetup, registryTarget } from './registry-target.ts';
import { type TestClock, testClock } from './test-clock.ts';

export const REPOSITORY = 'acme/llama';
/** One file of this name, unless a scenario brings its own. */
export const FILE = 'model.safetensors';
export const BYTES: Buffer = someBytes(1_000_000);

export interface ScenarioOptions
  extends FakeRegistryOptions,
    Pick<RegistryTargetSetup, 'framing' | 'retries' | 'credentials' | 'as' | 'silenceMs'> {
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly workers?: number;
  /** The bytes that a read of the model gives at once. */
  readonly readSize?: number;
}

export interface Scenario {
  readonly registry: FakeRegistry;
  readonly model: MemoryModel;
  readonly target: ImageTarget;
  readonly clock: TestClock;
  readonly events: readonly PushEvent[];
  /** Pushes the model to `v1`. */
  push(world?: Partial<World>, request?: Partial<PushRequest>): Promise<PushResult>;
  /** The same as a dry run. */
  plan(world?: Partial<World>, request?: Partial<PushRequest>): Promise<CheckedPlan>;
  /** The requests of this kind so far. */
  requests(pathClass: PathClass): readonly LogEntry[];
  /** The uploads of the layer, without what the config needed. */
  layerPatches(): readonly LogEntry[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A push of a model in memory to a fake registry, with a clock that does not wait. */
export async function scenario(options: ScenarioOptions = {}): Promise<Scenario> {
  const registry = await startFakeRegistry({ repositories: [REPOSITORY], ...options });
  onTestFinished(() => registry.close());
  const model = memoryModel(options.files ?? { [FILE]: BYTES }, options.readSize ?? 16 * 1024);
  const clock = testClock();
  const events: PushEvent[] = [];
  const target = registryTarget(registry, { ...options, clock });
  function run<T>(
    work: (request: PushRequest, world: World) => Promise<T>,
    world?: Partial<World>,
    request?: Partial<PushRequest>,
  ): Promise<T> {
    const done = work(
      {
        model: { type: 'model', name: 'acme/llama' },
        revision: 'main',
        tag: 'v1',
        alsoTags: [],
        moveTag: false,
        endpoint: 'https://hub.test',
        target: 'r.test/acme/llama',
        force: false,
        continueOnError: false,
        // Scenarios are about transfers: whatever files they need are a model.
        patterns: { allow: ['*'], ignore: [] },
        pickles: 'refuse',
        prefix: '',
        tarLayout: 'standard',
        workers: options.workers ?? 1,
        ...request,
      },
      {
        source: model,
        target,
        journal: noJournal,
        clock,
        onEvent: (event) => events.push(event),
        signal: new AbortController().signal,
        ...world,
      },
    );
    return capturingErrors('a push', done).finally(() => capture('an event', events));
  }

  return {
    registry,
    model,
    target,
    clock,
    events,
    push: (world, request) => run(push, world, request),
    plan: (world, request) => run(planPush, world, request),
    requests: (pathClass) => registry.log.filter((entry) => entry.pathClass === pathClass),
    layerPatches: () =>
      registry.log.filter(
        ({ pathClass, bytesReceived }) => pathClass === 'upload-patch' && bytesReceived >= 1024,
      ),
    get tags() {
      return Object.fromEntries(registry.tags(REPOSITORY));
    },
  };
}

/** The layer that a file becomes, made without any of the ways it could have gone. */
export async function layerOf(path: string, bytes: Uint8Array): Promise<{ digest: string; bytes: Buffer }> {
  const layer = await readAll(tarLayer(path, watched(bytes), 'standard'));
  return { digest: sha256(layer), bytes: layer };
}
