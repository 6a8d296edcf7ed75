import { sha256 } from './digest.ts';
import { encodeJson } from './json.ts';
import type { SelectionPatterns } from './selection/selection.ts';
import type { TarLayout } from './tar-layer.ts';

/**
 * Everything that decides which layers a push makes and where they go: two runs with the same values are one job.
 * `pickles` is not part of it: a run that refuses them pushes the same layers, or none.
 */
export interface Job {
  /** The Hub. */
  readonly endpoint: string;
  /** `org/name`, or `datasets/org/name`. */
  readonly model: string;
  readonly commit: string;
  /** `registry/repository`, or `oci:` and the folder. */
  readonly target: string;
  readonly prefix: string;
  readonly tarLayout: TarLayout;
  readonly patterns: SelectionPatterns;
}

/** A short name for a job, the same in every run. */
export function jobKey(job: Job): string {
  const { endpoint, model, commit, target, prefix, tarLayout, patterns } = job;
  const { allow, ignore } = patterns;
  return sha256(encodeJson({ endpoint, model, commit, target, prefix, tarLayout, allow, ignore })).slice(
    'sha256:'.length,
    23,
  );
}
