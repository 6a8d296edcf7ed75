import { watchProcessors } from './busy-processors.ts';
import type { RegistryCertificates, TrustedCas } from './core/certificates.ts';
import type { OnEvent } from './core/event.ts';
import type { ImageTarget, ModelSource } from './core/ports.ts';
import type { RateLimit } from './core/rate-limit.ts';
import type { TargetLocation } from './core/reference.ts';
import { createNodeTransport, type NodeTransport } from './http/node-http.ts';
import type { FindProxy, HomeServer } from './http/node-route.ts';
import type { Pacer } from './http/pacing.ts';
import type { HubConnections } from './hub/hub-connections.ts';
import { createHubSource } from './hub/hub-source.ts';
import type { OptionalToken, RenewToken } from './hub/hub-token.ts';
import { createCacheSource } from './hub-cache/cache-source.ts';
import type { KnownBlobs } from './layout/known-blobs.ts';
import { createLayoutTarget } from './layout/layout-target.ts';
import { type RegistryApiOptions, registryOrigin, type SharedAccess } from './registry/registry-api.ts';
import { createRegistryTarget } from './registry/registry-target.ts';
import type { HostMemory } from './registry/upload/remember-host.ts';
import { systemClock } from './system-clock.ts';
import { systemProcesses, thisUser } from './this-process.ts';
import { USER_AGENT } from './version.ts';

/** Where a push reads and writes. Plain data: a thread is given it as it is. */
export interface Places {
  readonly hub: {
    readonly endpoint: string;
    readonly token: string | undefined;
    readonly tokenOrigin: string | undefined;
    readonly tokenIsOptional: boolean;
    readonly cache: string | undefined;
    /** What forbids requests to the Hub, such as `HF_HUB_OFFLINE`. */
    readonly offline: string | undefined;
    readonly metadataTimeoutMs: number;
    readonly stallTimeoutMs: number;
    readonly retries: number;
  };
  readonly target: TargetLocation;
  readonly registry: {
    readonly retries: number;
    readonly insecure: boolean;
    readonly framing: 'stream' | number;
    readonly certificates: RegistryCertificates | undefined;
    /** CAs for the registry, and for the token servers and storage that it names. */
    readonly trusted: TrustedCas;
  };
  /** CAs for every other server. */
  readonly trusted: TrustedCas;
}

/** What is one for the whole push, in whichever thread its parts are at work. */
export interface Shared {
  /** Undefined where the token was given for this push, or there is none. */
  readonly optionalToken: OptionalToken | undefined;
  /** Undefined where nothing can replace the token. */
  readonly renewToken: RenewToken | undefined;
  readonly hubPacer: Pacer;
  readonly hubConnections: HubConnections;
  readonly rateLimit: RateLimit | undefined;
  /** Undefined where the target is no registry. */
  readonly access: SharedAccess | undefined;
  readonly host: HostMemory | undefined;
  /** For a push into an OCI image layout. */
  readonly knownBlobs: KnownBlobs;
  readonly proxyFor: FindProxy | undefined;
  readonly onEvent: OnEvent;
}

export interface OpenPlaces {
  readonly source: ModelSource;
  readonly target: ImageTarget;
  /** Lets go of the connections. */
  close(): void;
}

/**
 * Hub and registry share no connections: each has its own rules for certificates and addresses.
 * @param isMidRun for a thread: the main thread has reached both, so failed lookups are transient
 */
export function openPlaces(places: Places, shared: Shared, isMidRun: boolean = false): OpenPlaces {
  const { trusted } = places;
  const how = { proxyFor: shared.proxyFor, isMidRun };
  const hub = createTransport({ ...how, trusted, home: { origin: places.hub.endpoint } });
  const registry = registryTransport(places, how);
  return {
    source: createSource(places, shared, hub),
    target: createTarget(places, shared, registry),
    close() {
      hub.close();
      registry.close();
    },
  };
}

/** @throws ModelcarError `USAGE` */
function createTransport(options: {
  readonly trusted: TrustedCas;
  readonly proxyFor: FindProxy | undefined;
  readonly home: HomeServer | undefined;
  readonly isMidRun?: boolean;
}): NodeTransport {
  return createNodeTransport({ ...options, userAgent: USER_AGENT });
}

/** A layout gets one too, and does not use it. */
export function registryTransport(
  { target, registry }: Pick<Places, 'target'> & { readonly registry: RegistryTls },
  how: { readonly proxyFor: FindProxy | undefined; readonly isMidRun?: boolean },
): NodeTransport {
  const { trusted } = registry;
  return createTransport({ ...how, trusted, home: homeOf(target, registry) });
}

type RegistryTls = Pick<Places['registry'], 'insecure' | 'certificates' | 'trusted'>;

/**
 * `insecure` and the client certificate are for the registry's own host and port; its token server and its storage are
 * still verified, and are shown no certificate.
 */
function homeOf(target: TargetLocation, { insecure, certificates }: RegistryTls): HomeServer | undefined {
  if (target.kind !== 'registry') return undefined;
  return {
    origin: registryOrigin(target.registry),
    insecure,
    clientCertificate: certificates?.client,
    certificateFolder: certificates?.folder,
  };
}

/** The Hub, or the cache of what was downloaded from it. */
function createSource({ hub }: Places, shared: Shared, transport: NodeTransport): ModelSource {
  const { cache, offline, tokenIsOptional: _, ...rest } = hub;
  const source = createHubSource({
    ...rest,
    offline,
    optionalToken: shared.optionalToken,
    renewToken: shared.renewToken,
    onRetry: (retry) => shared.onEvent({ type: 'request-retrying', side: 'hub', ...retry }),
    pacer: shared.hubPacer,
    connections: shared.hubConnections,
    isBusy: watchProcessors(systemClock),
    transport: transport.send,
    clock: systemClock,
  });
  return cache === undefined ? source : createCacheSource({ folder: cache, hub: offline ?? source });
}

function createTarget(places: Places, shared: Shared, transport: NodeTransport): ImageTarget {
  const { target, registry } = places;
  if (target.kind === 'layout') {
    return createLayoutTarget(target.folder, {
      clock: systemClock,
      processes: systemProcesses,
      user: thisUser,
      known: shared.knownBlobs,
    });
  }
  return createRegistryTarget({
    ...registryApi(target, registry.retries, shared.onEvent, transport),
    framing: registry.framing,
    access: shared.access,
    host: shared.host,
  });
}

/** How a registry is reached, to write or to read; anonymously, unless the caller says who we are. */
export function registryApi(
  { registry, repository }: Extract<TargetLocation, { kind: 'registry' }>,
  retries: number,
  onEvent: OnEvent,
  transport: NodeTransport,
): RegistryApiOptions {
  return {
    registry,
    repository,
    credentials: async () => undefined,
    retries,
    onRetry: (retry) => onEvent({ type: 'request-retrying', side: 'target', ...retry }),
    onHold: (hold) => onEvent({ type: 'requests-held', side: 'target', ...hold }),
    onWarning: (message) => onEvent({ type: 'warning', message }),
    transport: transport.send,
    clock: systemClock,
  };
}
