import { type ErrorCode, ModelcarError } from '../core/error.ts';

/** Why one file cannot be read from the cache. Plain data. */
export interface CacheProblem {
  readonly code: ErrorCode;
  /** The file's path in the model. */
  readonly path: string;
  /** As in `cannot read x from the cache: …`. */
  readonly why: string;
  readonly hint: string;
  readonly cause?: unknown;
}

/** No reader needs more. */
const MOST_NAMED = 5;

/** @param all how many files were looked for */
export function cacheError(
  problems: readonly [CacheProblem, ...CacheProblem[]],
  all: number = problems.length,
): ModelcarError {
  const [first] = problems;
  const { path, why, code, hint, cause } = first;
  if (problems.length === 1)
    return new ModelcarError(code, `cannot read ${path} from the cache: ${why}`, { hint, cause });
  const named = problems.slice(0, MOST_NAMED).map((problem) => `${problem.path} (${problem.why})`);
  const more = problems.length > MOST_NAMED ? ` and ${problems.length - MOST_NAMED} more` : '';
  const isCommon = problems.every((problem) => problem.code === code);
  return new ModelcarError(
    isCommon ? code : 'NOT_FOUND',
    `cannot read ${problems.length} of ${all} files from the cache: ${named.join(', ')}${more}`,
    { hint: isCommon ? hint : DOWNLOAD_ALL, cause },
  );
}

const DOWNLOAD = 'Download the model again with hf download, or leave out --source cache.';

function notDownloaded(path: string): CacheProblem {
  return { code: 'NOT_FOUND', path, why: 'it was not downloaded', hint: DOWNLOAD };
}

/** @param what such as `a folder` */
export function notAFile(path: string, what: string): CacheProblem {
  return { code: 'NOT_FOUND', path, why: `it is ${what}`, hint: DOWNLOAD };
}

export function linkOut(path: string, file: string): CacheProblem {
  return {
    code: 'REJECTED',
    path,
    why: `it is a link to a file outside its repository: ${file}`,
    hint: DOWNLOAD,
  };
}

export function wrongSize(path: string, expected: number, got: number): CacheProblem {
  const why = `expected ${expected} bytes, got ${got}`;
  return { code: 'CONTENT_MISMATCH', path, why, hint: DOWNLOAD_ALL };
}

/** The hint for wrong bytes: plain `hf download` keeps a file that has the right size. */
export const DOWNLOAD_ALL =
  'Download it again with hf download --force-download, or leave out --source cache.';

/**
 * Explains the system's error about a file.
 * @throws any other error: it is a bug
 */
export function systemProblem(path: string, cause: unknown): CacheProblem {
  if (!(cause instanceof Error && 'code' in cause)) throw cause;
  const code = String(cause.code);
  const problem = { path, why: cause.message, cause };
  if (code === 'ENOENT' || code === 'ENOTDIR') return { ...notDownloaded(path), cause };
  if (code === 'EACCES' || code === 'EPERM') return { ...problem, code: 'NOT_FOUND', hint: PERMIT };
  if (isPermanent(code)) return { ...problem, code: 'NOT_FOUND', hint: DOWNLOAD };
  return { ...problem, code: 'UNAVAILABLE', hint: CHECK_DISK };
}

const PERMIT = 'Let this user read the cache, or leave out --source cache.';

export const CHECK_DISK = 'Check the disk or the network share that has the cache, then push again.';

/** Whether a retry would fail in the same way. Other errors, such as EIO and ESTALE, are failures of a disk or a share. */
export function isPermanent(code: string): boolean {
  return ['EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO', 'EINVAL'].includes(code);
}
