import { resolve } from 'node:path';
import type { RegistryCertificates, TrustedCas } from './core/certificates.ts';
import { ModelcarError } from './core/error.ts';
import { parseLayerPrefix } from './core/layer-plan.ts';
import { parseModelId, parseRevision } from './core/model.ts';
import { parseTag, type TargetLocation } from './core/reference.ts';
import { extraCaCertificates } from './extra-ca-certificates.ts';
import { parseCaCertificates } from './http/ca-certificates.ts';
import { parseHubEndpoint } from './hub/endpoint.ts';
import type { NetworkAccess, PushOptions } from './options.ts';
import type { Places } from './places.ts';
import type { PushRequest } from './push/push.ts';

const DEFAULT_ENDPOINT = 'https://huggingface.co';

export const DEFAULT_RETRIES = 10;

const HOUR_MS = 3_600_000;

/** @throws ModelcarError `USAGE` */
export function toRequest(options: PushOptions): PushRequest {
  const { workers = 1, tag, alsoTags = [], hub = {}, registry = {} } = options;
  requireInteger('workers', workers, 1, 8);
  requireInteger('Hub retries', hub.retries ?? DEFAULT_RETRIES, 0, 100);
  requireInteger('registry retries', registry.retries ?? DEFAULT_RETRIES, 0, 100);
  requireInteger('bytes per second', options.limitRate ?? 1024, 1024, Number.MAX_SAFE_INTEGER);
  requireInteger('Hub connections', hub.connections ?? 1, 1, 64);
  requireInteger('milliseconds to wait for metadata', hub.metadataTimeoutMs ?? 1, 1, HOUR_MS);
  requireInteger('milliseconds to wait for a byte', hub.stallTimeoutMs ?? 1, 1, HOUR_MS);
  return {
    model: parseModelId(options.model),
    revision: parseRevision(options.revision ?? 'main'),
    tag: tag === undefined ? undefined : parseTag(tag),
    alsoTags: alsoTags.map(parseTag),
    moveTag: options.moveTag ?? false,
    patterns: { allow: options.allowPatterns ?? [], ignore: options.ignorePatterns ?? [] },
    pickles: options.pickles ?? 'refuse',
    prefix: parseLayerPrefix(options.layerPrefix ?? 'models/'),
    tarLayout: options.tarLayout ?? 'standard',
    endpoint: parseHubEndpoint(hub.endpoint ?? DEFAULT_ENDPOINT).url,
    target: formatTarget(options.target),
    force: options.force ?? false,
    continueOnError: options.continueOnError ?? false,
    workers,
  };
}

export function requireInteger(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ModelcarError('USAGE', `invalid ${what}: ${value} (expected ${least} to ${most})`, {
    hint: 'Give a whole number in that range.',
  });
}

/** @throws ModelcarError `USAGE` */
export function toPlaces(
  { hub = {}, registry = {}, network, target }: PushOptions,
  certificates: RegistryCertificates | undefined,
): Places {
  const trusted = toTrusted(network);
  return {
    hub: {
      endpoint: hub.endpoint ?? DEFAULT_ENDPOINT,
      token: hub.token || undefined,
      tokenOrigin: hub.tokenOrigin,
      tokenIsOptional: hub.tokenIsOptional ?? false,
      cache: hub.cache,
      offline: hub.offline === true ? 'HF_HUB_OFFLINE' : hub.offline || undefined,
      metadataTimeoutMs: hub.metadataTimeoutMs ?? 10_000,
      stallTimeoutMs: hub.stallTimeoutMs ?? 60_000,
      retries: hub.retries ?? DEFAULT_RETRIES,
    },
    target,
    registry: {
      retries: registry.retries ?? DEFAULT_RETRIES,
      insecure: registry.insecure ?? false,
      framing: registry.chunkSize ?? 'stream',
      certificates,
      trusted: withRegistryCas(trusted, certificates),
    },
    trusted,
  };
}

/** @throws ModelcarError `USAGE` */
export function toTrusted({ ca, caOrigin = 'the CA file', systemCa }: NetworkAccess = {}): TrustedCas {
  const given = ca === undefined ? [] : parseCaCertificates(ca, caOrigin);
  const extra = extraCaCertificates();
  return {
    ca: [...new Set([...given, ...(systemCa?.ca ?? []), ...extra])],
    origins: [
      ...(extra.length > 0 ? ['NODE_EXTRA_CA_CERTS'] : []),
      ...(systemCa?.origins ?? []),
      ...(given.length > 0 ? [caOrigin] : []),
    ],
    unusable: systemCa?.unusable ?? [],
  };
}

/** Transports share the store of CAs that are the same list. */
export function withRegistryCas(
  trusted: TrustedCas,
  certificates: RegistryCertificates | undefined,
): TrustedCas {
  if (certificates === undefined) return trusted;
  const { ca, folder, unusable = [] } = certificates;
  const all = { ...trusted, unusable: [...trusted.unusable, ...unusable] };
  return ca.length === 0
    ? all
    : { ...all, ca: [...trusted.ca, ...ca], origins: [...trusted.origins, folder] };
}

/** As records name it: a folder by its full path, wherever the push is started. */
function formatTarget(target: TargetLocation): string {
  return target.kind === 'layout'
    ? `oci:${resolve(target.folder)}`
    : `${target.registry.host}/${target.repository}`;
}
