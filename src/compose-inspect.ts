import { certificatesFor, onceEachWarning, registryOptions, warnOfInsecurity } from './compose-registry.ts';
import { abortScope } from './core/abort-scope.ts';
import { parseDigest } from './core/digest.ts';
import type { ImageReader } from './core/ports.ts';
import { parseTag } from './core/reference.ts';
import { listTags as list, type TagEntry } from './inspect/list-tags.ts';
import { type Validation, validateImage as validate } from './inspect/validate-image.ts';
import { createLayoutReader } from './layout/layout-reader.ts';
import type { ListTagsOptions, ValidateOptions } from './options.ts';
import { registryTransport } from './places.ts';
import { DEFAULT_RETRIES, requireInteger, toTrusted, withRegistryCas } from './read-options.ts';
import { createRegistryReader } from './registry/registry-reader.ts';
import { forgetJobs as forget, type JobsToForget } from './state/forget-jobs.ts';
import { type RecordedJob, readJobs } from './state/read-jobs.ts';
import { systemClock } from './system-clock.ts';
import { systemProcesses, thisUser } from './this-process.ts';

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
