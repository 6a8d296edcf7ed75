import { abortScope } from './core/abort-scope.ts';
import type { RegistryCertificates } from './core/certificates.ts';
import { type Digest, parseDigest } from './core/digest.ts';
import type { OnEvent } from './core/event.ts';
import type { ImageReader, Journal } from './core/ports.ts';
import { createRateLimit } from './core/rate-limit.ts';
import { parseTag, type TargetLocation } from './core/reference.ts';
import type { NodeTransport } from './http/node-http.ts';
import { isPlainAndRemote } from './http/origin.ts';
import { createPacer } from './http/pacing.ts';
import { createHubConnections, DEFAULT_CONNECTIONS } from './hub/hub-connections.ts';
import { createOptionalToken, createTokenRenewal, type OptionalToken } from './hub/hub-token.ts';
import { listTags as list, type TagEntry } from './inspect/list-tags.ts';
import { type Validation, validateImage as validate } from './inspect/validate-image.ts';
import { createLayoutReader } from './layout/layout-reader.ts';
import type { ListTagsOptions, PushOptions, ValidateOptions } from './options.ts';
import { openPlaces, type Places, registryApi, registryTransport, type Shared } from './places.ts';
import { noJournal } from './push/no-journal.ts';
import { type CheckedPlan, planPush as plan } from './push/plan-push.ts';
import { type PushRequest, type PushResult, push } from './push/push.ts';
import type { World } from './push/world.ts';
import {
  DEFAULT_RETRIES,
  requireInteger,
  toPlaces,
  toRequest,
  toTrusted,
  withRegistryCas,
} from './read-options.ts';
import { createSharedAccess, type RegistryApiOptions, registryOrigin } from './registry/registry-api.ts';
import { createRegistryReader } from './registry/registry-reader.ts';
import { profileOf } from './registry/upload/host-seeds.ts';
import { rememberHost } from './registry/upload/remember-host.ts';
import { forgetJobs as forget, type JobsToForget } from './state/forget-jobs.ts';
import { type RecordedJob, readJobs } from './state/read-jobs.ts';
import { createStateFile } from './state/state-file.ts';
import { systemClock } from './system-clock.ts';
import { systemProcesses, thisUser } from './this-process.ts';
import { createFileHashes } from './threads/file-hashes.ts';
import { createLayerThreads } from './threads/layer-threads.ts';

/**
 * Pushes a model from the Hub into a registry or an OCI image layout.
 *
 * @throws ModelcarError with a `code`; the reason of `signal` when it was aborted
 */
export async function pushModel(options: PushOptions): Promise<PushResult> {
  return inWorld(options, push);
}

/**
 * What {@link pushModel} would do, and whether the target would take it: may this account push there, and where do the
 * tags point now? A registry opens an upload for that, which is cancelled at once. Nothing is stored.
 *
 * @throws ModelcarError as `pushModel` does before its first byte; a refusal of the target is in the result
 */
export async function planPush(options: PushOptions): Promise<CheckedPlan> {
  return inWorld(options, plan);
}

/**
 * The jobs that a state file holds, the one that was touched last first; none where there is no file.
 * @throws ModelcarError `USAGE` when the file is not a state file, cannot be read, or other users can write it; it is never changed
 */
export async function listJobs({
  stateFile,
}: {
  readonly stateFile: string;
}): Promise<readonly RecordedJob[]> {
  return readJobs(stateFile, thisUser);
}

/**
 * Removes jobs from a state file: by key, every complete one, or all. Nothing changes at the registry.
 * @returns the removed jobs
 * @throws ModelcarError `NOT_FOUND` when a key names no job; `USAGE` as {@link listJobs}; `UNAVAILABLE` when another
 *   process holds the file
 */
export async function forgetJobs({
  stateFile,
  jobs,
}: {
  readonly stateFile: string;
  readonly jobs: JobsToForget;
}): Promise<readonly RecordedJob[]> {
  return forget(jobs, {
    path: stateFile,
    clock: systemClock,
    processes: systemProcesses,
    user: thisUser,
    onWarning: () => undefined,
  });
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
  const { target, registry = {}, network } = options;
  const onEvent = onceEachWarning(options.onEvent ?? (() => undefined));
  const { retries = DEFAULT_RETRIES, insecure = false } = registry;
  requireInteger('registry retries', retries, 0, 100);
  const certificates = await certificatesFor(options, onEvent);
  const trusted = withRegistryCas(toTrusted(network), certificates);
  const scope = abortScope(options.signal ?? new AbortController().signal);
  const transport = registryTransport(
    { target, registry: { insecure, certificates, trusted } },
    { proxyFor: network?.proxyFor },
  );
  try {
    if (target.kind === 'layout') return await work(createLayoutReader(target.folder), scope.signal);
    warnOfInsecurity(target, insecure, onEvent);
    const access = registryOptions(options, target, retries, onEvent, transport, scope.signal);
    return await work(createRegistryReader(access), scope.signal);
  } finally {
    scope.end();
    transport.close();
  }
}

async function inWorld<T>(
  options: PushOptions,
  work: (request: PushRequest, world: World) => Promise<T>,
): Promise<T> {
  const { onEvent = () => undefined } = options;
  const request = toRequest(options);
  const places = toPlaces(options, await certificatesFor(options, onEvent));
  const tokens = registryTransport(places, { proxyFor: options.network?.proxyFor });
  const scope = abortScope(options.signal ?? new AbortController().signal);
  const { signal } = scope;
  const shared = toShared(options, places, onceEachWarning(onEvent), tokens, signal);
  warnOfPlainToken(places.hub, shared.onEvent);
  const open = openPlaces(places, shared);
  const threads = createLayerThreads(places, shared);
  const hashes = createFileHashes({ isSecure: isSecure(places) });
  try {
    return await work(request, {
      ...{ source: open.source, target: open.target, clock: systemClock, signal },
      onEvent: shared.onEvent,
      rateLimit: shared.rateLimit,
      journal: createJournal(options.stateFile, shared.onEvent),
      ...(request.workers > 1 ? { pushLayer: threads.pushLayer } : { hashOf: hashes.of }),
    });
  } finally {
    scope.end();
    await Promise.all([threads.close(), hashes.close()]);
    open.close();
    tokens.close();
  }
}

function isSecure({ hub, target }: Places): boolean {
  return (
    hub.endpoint.startsWith('https:') || (target.kind === 'registry' && target.registry.scheme === 'https')
  );
}

/** What is one for the whole push, in whichever thread its layers are pushed. */
function toShared(
  options: PushOptions,
  { hub, target, registry: { retries, insecure } }: Places,
  onEvent: OnEvent,
  tokens: NodeTransport,
  ended: AbortSignal,
): Shared {
  const shared = {
    optionalToken: optionalToken(hub, onEvent),
    renewToken:
      hub.token === undefined || options.hub?.readToken === undefined
        ? undefined
        : createTokenRenewal(hub.token, options.hub.readToken),
    hubPacer: createPacer({
      clock: systemClock,
      onHold: (hold) => onEvent({ type: 'requests-held', side: 'hub', ...hold }),
    }),
    hubConnections: createHubConnections({
      most: options.hub?.connections ?? DEFAULT_CONNECTIONS,
      clock: systemClock,
    }),
    rateLimit: options.limitRate === undefined ? undefined : createRateLimit(options.limitRate, systemClock),
    knownBlobs: new Map<Digest, string>(),
    proxyFor: options.network?.proxyFor,
    onEvent,
  };
  if (target.kind === 'layout') return { ...shared, access: undefined, host: undefined };
  warnOfInsecurity(target, insecure, onEvent);
  return {
    ...shared,
    access: createSharedAccess(
      registryOptions(options, target, retries, onEvent, tokens, ended),
      'pull,push',
    ),
    host: rememberHost(profileOf(target.registry.host)),
  };
}

type RegistryLocation = Extract<TargetLocation, { kind: 'registry' }>;

/** @param ended aborts when the work ends, and so stops a running credential helper */
function registryOptions(
  { registry }: ListTagsOptions,
  target: RegistryLocation,
  retries: number,
  onEvent: OnEvent,
  transport: NodeTransport,
  ended: AbortSignal,
): RegistryApiOptions {
  const { credentials = async () => undefined } = registry ?? {};
  const onceEach = onceEachWarning(onEvent);
  return {
    ...registryApi(target, retries, onEvent, transport),
    async credentials(host, repository) {
      const found = await credentials(host, repository, ended);
      for (const message of found?.warnings ?? []) onceEach({ type: 'warning', message });
      if (found?.credentials !== undefined) warnOfPlainAccount(target, onEvent);
      return found;
    },
    onCredentials: (host, origin) => onEvent({ type: 'credentials-chosen', registry: host, origin }),
  };
}

async function certificatesFor(
  { registry, target }: ListTagsOptions,
  onEvent: OnEvent,
): Promise<RegistryCertificates | undefined> {
  if (target.kind !== 'registry' || target.registry.scheme === 'http') return undefined;
  const found = await registry?.certificates?.(target.registry.host);
  for (const message of found?.warnings ?? []) onEvent({ type: 'warning', message });
  return found;
}

function warnOfInsecurity({ registry }: RegistryLocation, insecure: boolean, onEvent: OnEvent): void {
  if (insecure && registry.scheme === 'https')
    onEvent({ type: 'warning', message: `the certificate of ${registry.host} is not checked (insecure)` });
}

function warnOfPlainAccount({ registry }: RegistryLocation, onEvent: OnEvent): void {
  if (isPlainAndRemote(registryOrigin(registry)))
    onEvent({ type: 'warning', message: `the account at ${registry.host} is sent without TLS (http)` });
}

function optionalToken(
  { token, tokenOrigin, tokenIsOptional }: Places['hub'],
  onEvent: OnEvent,
): OptionalToken | undefined {
  if (token === undefined || !tokenIsOptional) return undefined;
  const from = tokenOrigin === undefined ? '' : ` from ${tokenOrigin}`;
  return createOptionalToken(() =>
    onEvent({ type: 'warning', message: `the Hub refused the token${from}; continuing without it` }),
  );
}

function warnOfPlainToken({ endpoint, token, offline }: Places['hub'], onEvent: OnEvent): void {
  if (token !== undefined && !offline && isPlainAndRemote(endpoint))
    onEvent({
      type: 'warning',
      message: `the Hub token is sent to ${new URL(endpoint).host} without TLS (http)`,
    });
}

/** Each thread hears what the registry has to say; people need to hear it once. */
function onceEachWarning(onEvent: OnEvent): OnEvent {
  const told = new Set<string>();
  return (event) => {
    if (event.type === 'warning') {
      if (told.has(event.message)) return;
      told.add(event.message);
    }
    onEvent(event);
  };
}

function createJournal(path: string | undefined, onEvent: OnEvent): Journal {
  if (path === undefined) return noJournal;
  const onWarning = (message: string) => onEvent({ type: 'warning', message });
  return createStateFile({
    path,
    clock: systemClock,
    processes: systemProcesses,
    user: thisUser,
    onWarning,
  });
}
