export { type PushOptions, planPush, pushModel } from './compose.ts';
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
export { TAR_LAYOUTS, type TarLayout } from './core/tar-layer.ts';
export type { PushPlan, PushResult } from './push/push.ts';
export type { Credentials } from './registry/auth/credentials.ts';
export { VERSION } from './version.ts';
