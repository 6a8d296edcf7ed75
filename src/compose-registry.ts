import type { RegistryCertificates } from './core/certificates.ts';
import type { OnEvent } from './core/event.ts';
import type { TargetLocation } from './core/reference.ts';
import type { NodeTransport } from './http/node-http.ts';
import { isPlainAndRemote } from './http/origin.ts';
import type { ListTagsOptions } from './options.ts';
import { registryApi } from './places.ts';
import { type RegistryApiOptions, registryOrigin } from './registry/registry-api.ts';

export type RegistryLocation = Extract<TargetLocation, { kind: 'registry' }>;

/** @param ended aborts when the work ends, and so stops a running credential helper */
export function registryOptions(
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

export async function certificatesFor(
  { registry, target }: ListTagsOptions,
  onEvent: OnEvent,
): Promise<RegistryCertificates | undefined> {
  if (target.kind !== 'registry' || target.registry.scheme === 'http') return undefined;
  const found = await registry?.certificates?.(target.registry.host);
  for (const message of found?.warnings ?? []) onEvent({ type: 'warning', message });
  return found;
}

export function warnOfInsecurity({ registry }: RegistryLocation, insecure: boolean, onEvent: OnEvent): void {
  if (insecure && registry.scheme === 'https')
    onEvent({ type: 'warning', message: `the certificate of ${registry.host} is not checked (insecure)` });
}

function warnOfPlainAccount({ registry }: RegistryLocation, onEvent: OnEvent): void {
  if (isPlainAndRemote(registryOrigin(registry)))
    onEvent({ type: 'warning', message: `the account at ${registry.host} is sent without TLS (http)` });
}

/** Each thread hears what the registry has to say; people need to hear it once. */
export function onceEachWarning(onEvent: OnEvent): OnEvent {
  const told = new Set<string>();
  return (event) => {
    if (event.type === 'warning') {
      if (told.has(event.message)) return;
      told.add(event.message);
    }
    onEvent(event);
  };
}
