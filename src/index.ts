export { planPush, pushModel } from './compose.ts';
export { type ErrorCode, ModelcarError } from './core/error.ts';
export type { OnEvent, PushEvent } from './core/event.ts';
export type { PlannedLayer } from './core/layer-plan.ts';
export type { ModelId, Oid, ResolvedModel, Sibling } from './core/model.ts';
export {
  type ImageReference,
  parseImageReference,
  parseTargetLocation,
  type RegistryHost,
  type TargetLocation,
} from './core/reference.ts';
export type { CredentialSource, FoundCredentials, RegistryCredentials } from './core/registry-credentials.ts';
export { TAR_LAYOUTS, type TarLayout } from './core/tar-layer.ts';
export { type CredentialPlaces, findCredentials } from './credentials/find-credentials.ts';
export { type ProxyFor, proxyFromEnvironment } from './http/node-proxy-from-environment.ts';
export type { HubAccess, NetworkAccess, PushOptions, RegistryAccess } from './options.ts';
export type { PushPlan, PushResult } from './push/push.ts';
export { VERSION } from './version.ts';
