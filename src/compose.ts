import { certificatesFor, onceEachWarning, registryOptions, warnOfInsecurity } from './compose-registry.ts';
import { abortScope } from './core/abort-scope.ts';
import type { Digest } from './core/digest.ts';
import type { OnEvent } from './core/event.ts';
import type { Journal } from './core/ports.ts';
import { createRateLimit } from './core/rate-limit.ts';
import type { NodeTransport } from './http/node-http.ts';
import { isPlainAndRemote } from './http/origin.ts';
import { createPacer } from './http/pacing.ts';
import { createHubConnections, DEFAULT_CONNECTIONS } from './hub/hub-connections.ts';
import { createOptionalToken, createTokenRenewal, type OptionalToken } from './hub/hub-token.ts';
import type { PushOptions } from './options.ts';
import { openPlaces, type Places, registryTransport, type Shared } from './places.ts';
import { noJournal } from './push/no-journal.ts';
import { type CheckedPlan, planPush as plan } from './push/plan-push.ts';
import { type PushRequest, type PushResult, push } from './push/push.ts';
import type { World } from './push/world.ts';
import { toPlaces, toRequest } from './read-options.ts';
import { createSharedAccess } from './registry/registry-api.ts';
import { profileOf } from './registry/upload/host-seeds.ts';
import { rememberHost } from './registry/upload/remember-host.ts';
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
