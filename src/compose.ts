import { resolve } from 'node:path';
import { ModelcarError } from './core/error.ts';
import type { OnEvent } from './core/event.ts';
import { parseLayerPrefix } from './core/layer-plan.ts';
import { parseModelId, parseRevision } from './core/model.ts';
import type { ImageTarget, Journal } from './core/ports.ts';
import { parseTag, type TargetLocation } from './core/reference.ts';
import type { CredentialSource } from './core/registry-credentials.ts';
import type { TarLayout } from './core/tar-layer.ts';
import { createNodeTransport, type NodeTransport } from './http/node-http.ts';
import { createHubSource } from './hub/hub-source.ts';
import { createLayoutTarget } from './layout/layout-target.ts';
import { noJournal } from './push/no-journal.ts';
import { type PushPlan, type PushRequest, type PushResult, planPush as plan, push } from './push/push.ts';
import type { World } from './push/world.ts';
import { createRegistryTarget } from './registry/registry-target.ts';
import { createStateFile } from './state/state-file.ts';
import { systemClock } from './system-clock.ts';
import { USER_AGENT } from './version.ts';

/** What {@link pushModel} takes. Nothing is read from the environment; only `model` and `target` are needed. */
export interface PushOptions {
  /** `org/name`, or `datasets/org/name`. */
  readonly model: string;
  /** A branch, a tag or a commit. Default `main`. */
  readonly revision?: string;
  /** From `parseImageReference` or `parseTargetLocation`. */
  readonly target: TargetLocation;
  /** Default: the first 12 characters of the commit. */
  readonly tag?: string;
  /** Further tags for the same image. */
  readonly alsoTags?: readonly string[];
  readonly hub?: {
    /** Default `https://huggingface.co`. May have a path. */
    readonly endpoint?: string;
    readonly token?: string;
    /** Forbid all requests to the Hub. */
    readonly offline?: boolean;
  };
  /** Asked when the registry wants to know who we are, such as {@link findCredentials}. Default: anonymous. */
  readonly credentials?: CredentialSource;
  /** `fnmatch` patterns on whole paths, or ends of paths: exactly these files. Default: all. */
  readonly allowPatterns?: readonly string[];
  /** The same: never these files. */
  readonly ignorePatterns?: readonly string[];
  /** The folder of the image that holds the model: empty, or ending in `/`. Default `models/`. */
  readonly layerPrefix?: string;
  /** Default `standard`. */
  readonly tarLayout?: TarLayout;
  /**
   * Where to write down what was pushed, so that a push that is run again skips it. Default: nowhere.
   * JSON, readable by its owner alone; pushes at the same time can share it.
   */
  readonly stateFile?: string;
  /** Push every layer, whatever the state file says. */
  readonly force?: boolean;
  /** Layers pushed at once, 1 to 8. Default 1. */
  readonly workers?: number;
  /** Upload in requests of so many bytes instead of one for each layer. */
  readonly chunkSize?: number;
  /** Called synchronously; must be quick and must not throw. */
  readonly onEvent?: OnEvent;
  readonly signal?: AbortSignal;
}

const DEFAULT_ENDPOINT = 'https://huggingface.co';

/** How often a request or a transfer may fail without getting further. */
const RETRIES = 10;

/**
 * Pushes a model from the Hub into a registry or an OCI image layout.
 *
 * @throws ModelcarError with a `code`; the reason of `signal` when it was aborted
 */
export async function pushModel(options: PushOptions): Promise<PushResult> {
  return inWorld(options, push);
}

/** What {@link pushModel} would do. Reads from the Hub, writes nothing. */
export async function planPush(options: PushOptions): Promise<PushPlan> {
  return inWorld(options, plan);
}

async function inWorld<T>(
  options: PushOptions,
  work: (request: PushRequest, world: World) => Promise<T>,
): Promise<T> {
  const request = toRequest(options);
  const transport = createNodeTransport();
  try {
    return await work(request, createWorld(options, transport));
  } finally {
    transport.close();
  }
}

/** @throws ModelcarError `USAGE` */
function toRequest(options: PushOptions): PushRequest {
  const { workers = 1, tag, alsoTags = [] } = options;
  if (!Number.isInteger(workers) || workers < 1 || workers > 8) {
    throw new ModelcarError('USAGE', `${workers} workers are not possible`, { hint: 'Give 1 to 8.' });
  }
  return {
    model: parseModelId(options.model),
    revision: parseRevision(options.revision ?? 'main'),
    tag: tag === undefined ? undefined : parseTag(tag),
    alsoTags: alsoTags.map(parseTag),
    patterns: { allow: options.allowPatterns ?? [], ignore: options.ignorePatterns ?? [] },
    prefix: parseLayerPrefix(options.layerPrefix ?? 'models/'),
    tarLayout: options.tarLayout ?? 'standard',
    endpoint: options.hub?.endpoint ?? DEFAULT_ENDPOINT,
    target: formatTarget(options.target),
    force: options.force ?? false,
    workers,
  };
}

function createWorld(options: PushOptions, transport: NodeTransport): World {
  const { hub = {}, onEvent = () => undefined, signal = new AbortController().signal } = options;
  return {
    source: createHubSource({
      endpoint: hub.endpoint ?? DEFAULT_ENDPOINT,
      token: hub.token || undefined,
      offline: hub.offline ?? false,
      userAgent: USER_AGENT,
      retries: RETRIES,
      onRetry: (retry) => onEvent({ type: 'request-retrying', side: 'hub', ...retry }),
      transport: transport.send,
      clock: systemClock,
    }),
    target: createTarget(options, onEvent, transport),
    journal: createJournal(options.stateFile, onEvent),
    clock: systemClock,
    onEvent,
    signal,
  };
}

function createJournal(path: string | undefined, onEvent: OnEvent): Journal {
  if (path === undefined) return noJournal;
  const onWarning = (message: string) => onEvent({ type: 'warning', message });
  return createStateFile({ path, clock: systemClock, onWarning });
}

/** As records name it: a folder by its full path, wherever the push is started. */
function formatTarget(target: TargetLocation): string {
  return target.kind === 'layout'
    ? `oci:${resolve(target.folder)}`
    : `${target.registry.host}/${target.repository}`;
}

function createTarget(
  { target, credentials = async () => undefined, chunkSize }: PushOptions,
  onEvent: OnEvent,
  transport: NodeTransport,
): ImageTarget {
  if (target.kind === 'layout') return createLayoutTarget(target.folder);
  return createRegistryTarget({
    registry: target.registry,
    repository: target.repository,
    credentials,
    onCredentials: (registry, origin) => onEvent({ type: 'credentials-chosen', registry, origin }),
    framing: chunkSize ?? 'stream',
    retries: RETRIES,
    onRetry: (retry) => onEvent({ type: 'request-retrying', side: 'target', ...retry }),
    transport: transport.send,
    clock: systemClock,
  });
}
