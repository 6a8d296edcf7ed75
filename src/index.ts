export { type CertificatePlaces, findRegistryCertificates } from './certificates/registry-certificates.ts';
export { systemCertificates } from './certificates/system-certificates.ts';
export { planPush, pushModel } from './compose.ts';
export { forgetJobs, listJobs, listTags, validateImage } from './compose-inspect.ts';
export type {
  CertificateSource,
  ClientCertificate,
  RegistryCertificates,
  TrustedCas,
} from './core/certificates.ts';
export type { Digest } from './core/digest.ts';
export { type ErrorCode, ModelcarError } from './core/error.ts';
export type { OnEvent, PushEvent } from './core/event.ts';
export { formatDuration } from './core/format-duration.ts';
export { formatSize } from './core/format-size.ts';
export type { PlannedLayer } from './core/layer-plan.ts';
export type { ModelId, Oid, ResolvedModel, Sibling } from './core/model.ts';
export {
  formatReference,
  type ImageReference,
  type ManifestName,
  parseImageReference,
  parseStoredReference,
  parseTargetLocation,
  type RegistryHost,
  type StoredReference,
  type TargetLocation,
} from './core/reference.ts';
export type {
  CredentialSource,
  FoundCredentials,
  NoCredentials,
  RegistryCredentials,
} from './core/registry-credentials.ts';
export type { LeftOutCode } from './core/selection/left-out-reason.ts';
export type { LeftOut, Pickles } from './core/selection/selection.ts';
export { systemWords } from './core/system-words.ts';
export { TAR_LAYOUTS, type TarLayout } from './core/tar-layer.ts';
export type { Transfer } from './core/transfer.ts';
export type { CredentialPlaces } from './credentials/auth-places.ts';
export { findCredentials } from './credentials/find-credentials.ts';
export { type ProxyFor, proxyFromEnvironment } from './http/node-proxy-from-environment.ts';
export type { CheckedBlob } from './inspect/checked-blob.ts';
export type { TagEntry } from './inspect/list-tags.ts';
export type { Validation } from './inspect/validate-image.ts';
export type {
  HubAccess,
  ListTagsOptions,
  NetworkAccess,
  PushOptions,
  RegistryAccess,
  ValidateOptions,
} from './options.ts';
export type { CheckedPlan, FoundTag } from './push/plan-push.ts';
export type { PushPlan, PushResult } from './push/push.ts';
export type { MovedTag } from './push/set-tags.ts';
export type { JobsToForget } from './state/forget-jobs.ts';
export type { RecordedJob } from './state/read-jobs.ts';
export { VERSION } from './version.ts';
