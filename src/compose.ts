import { resolve } from 'node:path';
import { parseDigest } from './core/digest.ts';
import { ModelcarError } from './core/error.ts';
import type { OnEvent } from './core/event.ts';
import { parseLayerPrefix } from './core/layer-plan.ts';
import { parseModelId, parseRevision } from './core/model.ts';
import type { ImageReader, ImageTarget, Journal, ModelSource } from './core/ports.ts';
import { parseTag, type TargetLocation } from './core/reference.ts';
import { extraCaCertificates } from './extra-ca-certificates.ts';
import { parseCaCertificates } from './http/ca-certificates.ts';
import { createNodeTransport, type NodeTransport } from './http/node-http.ts';
import { createPacer } from './http/pacing.ts';
import { parseHubEndpoint } from './hub/endpoint.ts';
import { createHubSource } from './hub/hub-source.ts';
import { createCacheSource } from './hub-cache/cache-source.ts';
import { listTags as list, type TagEntry } from './inspect/list-tags.ts';
import { type Validation, validateImage as validate } from './inspect/validate-image.ts';
import { createLayoutReader } from './layout/layout-reader.ts';
import { createLayoutTarget } from './layout/layout-target.ts';
import type { ListTagsOptions, NetworkAccess, PushOptions, ValidateOptions } from './options.ts';
import { noJournal } from './push/no-journal.ts';
import { type PushPlan, type PushRequest, type PushResult, planPush as plan, push } from './push/push.ts';
import type { World } from './push/world.ts';
import type { RegistryApiOptions } from './registry/registry-api.ts';
import { createRegistryReader } from './registry/registry-reader.ts';
import { createRegistryTarget } from './registry/registry-target.ts';
import { type RecordedJob, readJobs } from './state/read-jobs.ts';
import { createStateFile } from './state/state-file.ts';
import { systemClock } from './system-clock.ts';
import { systemProcesses } from './this-process.ts';
import { USER_AGENT } from './version.ts';

const DEFAULT_ENDPOINT = 'https://huggingface.co';

const DEFAULT_RETRIES = 10;

const HOUR_MS = 3_600_000;

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

/**
 * The jobs that a state file holds, the one that was touched last first; none where there is no file.
 * @throws ModelcarError `USAGE` when the file is not a state file or cannot be read; it is never changed
 */
export async function listJobs({
  stateFile,
}: {
  readonly stateFile: string;
}): Promise<readonly RecordedJob[]> {
  return readJobs(stateFile);
}

/**
 * The tags of a repository or an OCI image layout, in natural order (`v2` before `v10`), with what each points at.
 * @throws ModelcarError `NOT_FOUND` when there is no such repository or layout; the reason of `signal` when it was aborted
 */
export async function listTags(options: ListTagsOptions): Promise<readonly TagEntry[]> {
  return withReader(options, list);
}

/**
 * Whether everything of an image is there and is what it is called. In a registry layers are asked for by size and
 * digest; in an OCI image layout every byte is read. What is wrong is in the result, not thrown.
 *
 * @throws ModelcarError `NOT_FOUND` when there is no such image; `UNAUTHORIZED`, `UNAVAILABLE` and others when we could
 *   not look; the reason of `signal` when it was aborted
 */
export async function validateImage(options: ValidateOptions): Promise<Validation> {
  const name = 'digest' in options ? { digest: parseDigest(options.digest) } : { tag: parseTag(options.tag) };
  return withReader(options, (reader, signal) => validate(reader, name, signal));
}

async function withReader<T>(
  options: ListTagsOptions,
  work: (reader: ImageReader, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal = new AbortController().signal } = options;
  requireInteger('retries of the registry', options.registry?.retries ?? DEFAULT_RETRIES, 0, 100);
  const transport = createTransport(options.network, options.registry?.insecure);
  try {
    return await work(createReader(options, transport), signal);
  } finally {
    transport.close();
  }
}

async function inWorld<T>(
  options: PushOptions,
  work: (request: PushRequest, world: World) => Promise<T>,
): Promise<T> {
  const request = toRequest(options);
  const hub = createTransport(options.network);
  const registry = createTransport(options.network, options.registry?.insecure);
  try {
    return await work(request, createWorld(options, { hub, registry }));
  } finally {
    hub.close();
    registry.close();
  }
}

/** @throws ModelcarError `USAGE` */
function createTransport({ ca, proxyFor }: NetworkAccess = {}, insecure = false): NodeTransport {
  return createNodeTransport({
    ca: ca === undefined ? [] : [...parseCaCertificates(ca), ...extraCaCertificates()],
    proxyFor,
    insecure,
    userAgent: USER_AGENT,
  });
}

/** @throws ModelcarError `USAGE` */
function toRequest(options: PushOptions): PushRequest {
  const { workers = 1, tag, alsoTags = [], hub = {}, registry = {} } = options;
  requireInteger('workers', workers, 1, 8);
  requireInteger('retries of the Hub', hub.retries ?? DEFAULT_RETRIES, 0, 100);
  requireInteger('retries of the registry', registry.retries ?? DEFAULT_RETRIES, 0, 100);
  requireInteger('milliseconds for metadata', hub.metadataTimeoutMs ?? 1, 1, HOUR_MS);
  requireInteger('milliseconds without a byte', hub.stallTimeoutMs ?? 1, 1, HOUR_MS);
  return {
    model: parseModelId(options.model),
    revision: parseRevision(options.revision ?? 'main'),
    tag: tag === undefined ? undefined : parseTag(tag),
    alsoTags: alsoTags.map(parseTag),
    patterns: { allow: options.allowPatterns ?? [], ignore: options.ignorePatterns ?? [] },
    prefix: parseLayerPrefix(options.layerPrefix ?? 'models/'),
    tarLayout: options.tarLayout ?? 'standard',
    endpoint: parseHubEndpoint(hub.endpoint ?? DEFAULT_ENDPOINT).url,
    target: formatTarget(options.target),
    force: options.force ?? false,
    continueOnError: options.continueOnError ?? false,
    workers,
  };
}

function requireInteger(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ModelcarError('USAGE', `${value} ${what} are not possible`, {
    hint: `Give ${least} to ${most}.`,
  });
}

/** `insecure` is the registry's alone, so the two share no connections. */
type Transports = Readonly<Record<'hub' | 'registry', NodeTransport>>;

function createWorld(options: PushOptions, transports: Transports): World {
  const { onEvent = () => undefined, signal = new AbortController().signal } = options;
  const source = createSource(options, onEvent, transports.hub);
  return {
    source,
    target: createTarget(options, onEvent, transports.registry),
    journal: createJournal(options.stateFile, onEvent),
    clock: systemClock,
    onEvent,
    signal,
  };
}

/** The Hub, or the cache of what was downloaded from it. */
function createSource(options: PushOptions, onEvent: OnEvent, transport: NodeTransport): ModelSource {
  const { hub = {} } = options;
  const source = createHubSource({
    endpoint: hub.endpoint ?? DEFAULT_ENDPOINT,
    token: hub.token || undefined,
    offline: hub.offline ?? false,
    metadataTimeoutMs: hub.metadataTimeoutMs ?? 10_000,
    stallTimeoutMs: hub.stallTimeoutMs ?? 60_000,
    retries: hub.retries ?? DEFAULT_RETRIES,
    onRetry: (retry) => onEvent({ type: 'request-retrying', side: 'hub', ...retry }),
    pacer: createPacer({
      clock: systemClock,
      onHold: (hold) => onEvent({ type: 'requests-held', side: 'hub', ...hold }),
    }),
    transport: transport.send,
    clock: systemClock,
  });
  if (hub.cache === undefined) return source;
  return createCacheSource({ folder: hub.cache, hub: hub.offline ? undefined : source });
}

function createJournal(path: string | undefined, onEvent: OnEvent): Journal {
  if (path === undefined) return noJournal;
  const onWarning = (message: string) => onEvent({ type: 'warning', message });
  return createStateFile({ path, clock: systemClock, processes: systemProcesses, onWarning });
}

/** As records name it: a folder by its full path, wherever the push is started. */
function formatTarget(target: TargetLocation): string {
  return target.kind === 'layout'
    ? `oci:${resolve(target.folder)}`
    : `${target.registry.host}/${target.repository}`;
}

function createTarget(options: PushOptions, onEvent: OnEvent, transport: NodeTransport): ImageTarget {
  const { target, registry } = options;
  if (target.kind === 'layout') return createLayoutTarget(target.folder);
  return createRegistryTarget({
    ...registryApi({ ...options, target, onEvent }, transport),
    framing: registry?.chunkSize ?? 'stream',
  });
}

function createReader(options: ListTagsOptions, transport: NodeTransport): ImageReader {
  const { target } = options;
  if (target.kind === 'layout') return createLayoutReader(target.folder);
  return createRegistryReader(registryApi({ ...options, target }, transport));
}

/** How a registry is reached, to write or to read. */
function registryApi(
  options: ListTagsOptions & { readonly target: Extract<TargetLocation, { kind: 'registry' }> },
  transport: NodeTransport,
): RegistryApiOptions {
  const { target, registry: { credentials, retries, insecure } = {}, onEvent = () => undefined } = options;
  const { host, scheme } = target.registry;
  if (insecure && scheme === 'https')
    onEvent({ type: 'warning', message: `the certificate of ${host} is not checked (insecure)` });
  return {
    registry: target.registry,
    repository: target.repository,
    credentials: credentials ?? (async () => undefined),
    onCredentials: (registry, origin) => onEvent({ type: 'credentials-chosen', registry, origin }),
    retries: retries ?? DEFAULT_RETRIES,
    onRetry: (retry) => onEvent({ type: 'request-retrying', side: 'target', ...retry }),
    onHold: (hold) => onEvent({ type: 'requests-held', side: 'target', ...hold }),
    onWarning: (message) => onEvent({ type: 'warning', message }),
    transport: transport.send,
    clock: systemClock,
  };
}
