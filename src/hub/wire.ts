import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { overlong, shownPath } from '../core/file-path.ts';
import { parseJson } from '../core/json.ts';
import { type Commit, isCommit, type Oid } from '../core/model.ts';
import { withoutQuery } from '../http/origin.ts';

/** The shapes of the Hub's JSON (https://huggingface.co/docs/hub/api), as much of them as we rely on. */

const info = v.object({ sha: v.string() });

/** 1 PiB: no file of the Hub comes near it (https://huggingface.co/docs/hub/storage-limits), and sums of sizes stay exact. */
const LARGEST = 2 ** 50;

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LARGEST));

/** What is wrong with each of a million entries is of no interest, and would fill the memory. */
const FIRST_ISSUE = { abortEarly: true } as const;

// The tree calls the hash `oid`, model info calls it `sha256`; mirrors mix them up.
const lfs = v.nullish(
  v.object({ oid: v.optional(v.string()), sha256: v.optional(v.string()), size: v.optional(size) }),
);

const treeEntry = v.object({
  type: v.string(),
  path: v.string(),
  oid: v.optional(v.string()),
  size: v.optional(size),
  lfs,
});

const described = v.object({
  sha: v.string(),
  siblings: v.array(
    v.object({ rfilename: v.string(), blobId: v.optional(v.string()), size: v.optional(size), lfs }),
  ),
});

const refs = v.object({ branches: v.array(v.object({ name: v.string(), targetCommit: v.string() })) });

/** A file as a listing has it. What it leaves out, or says in a way that nobody can read, is undefined. */
export interface ListedFile {
  readonly path: string;
  readonly size: number | undefined;
  readonly oid: Oid | undefined;
  /** Whether it is known to lie in LFS: then a sha1 is that of its pointer. */
  readonly lfs: boolean;
}

/** @throws ModelcarError `UNSUPPORTED` */
export function parseCommit(body: string, url: string): Commit {
  const parsed = v.safeParse(info, parseAnswer(body, url), FIRST_ISSUE);
  if (parsed.success && isCommit(parsed.output.sha)) return parsed.output.sha;
  throw unreadable(url, 'no commit in it');
}

/**
 * The files of one page of a listing, without its directories.
 * @throws ModelcarError `UNSUPPORTED` when it is not a listing, or has a path that is too long for any file system
 */
export function parseTreePage(body: string, url: string): readonly ListedFile[] {
  const parsed = v.safeParse(v.array(treeEntry), parseAnswer(body, url), FIRST_ISSUE);
  if (!parsed.success) throw unreadable(url, 'not a listing of files');
  return parsed.output
    .filter(({ type }) => type === 'file')
    .map(({ path, oid, size: bytes, lfs: stored }) => listedFile(path, oid, bytes, stored));
}

/**
 * The files of a model as its description lists them.
 * @throws ModelcarError `UNSUPPORTED` when it does not, or when it is of another commit: a proxy may pass over the one
 *   that it was asked for
 */
export function parseSiblings(body: string, url: string, commit: Commit): readonly ListedFile[] {
  const parsed = v.safeParse(described, parseAnswer(body, url), FIRST_ISSUE);
  if (!parsed.success) throw unreadable(url, 'no listing of files');
  const { sha, siblings } = parsed.output;
  if (sha !== commit) throw unreadable(url, `it is of another commit${isCommit(sha) ? `, ${sha}` : ''}`);
  return siblings.map(({ rfilename, blobId, size: bytes, lfs: stored }) =>
    listedFile(rfilename, blobId, bytes, stored),
  );
}

/** @throws ModelcarError `UNSUPPORTED` */
export function parseBranches(
  body: string,
  url: string,
): readonly { readonly name: string; readonly commit: Commit }[] {
  const parsed = v.safeParse(refs, parseAnswer(body, url), FIRST_ISSUE);
  if (!parsed.success) throw unreadable(url, 'no list of branches');
  return parsed.output.branches
    .filter(({ targetCommit }) => isCommit(targetCommit))
    .map(({ name, targetCommit }) => ({ name, commit: targetCommit }));
}

function listedFile(
  path: string,
  gitOid: string | undefined,
  bytes: number | undefined,
  stored: v.InferOutput<typeof lfs>,
): ListedFile {
  const tooLong = overlong(path);
  if (tooLong !== undefined) throw overlongPath(path, tooLong);
  // For an LFS file the entry's own oid is that of its pointer, and its own size may be the pointer's.
  const hex = stored ? (stored.oid ?? stored.sha256)?.replace(/^sha256:/, '') : gitOid;
  return { path, size: stored?.size ?? bytes, oid: parseOid(hex, Boolean(stored)), lfs: Boolean(stored) };
}

function overlongPath(path: string, reason: string): ModelcarError {
  return new ModelcarError('UNSUPPORTED', `cannot read the Hub's listing: ${reason}: ${shownPath(path)}`, {
    hint: 'Rename the file in the model: no file system of Linux can hold it.',
  });
}

function parseOid(hex: string | undefined, inLfs: boolean): Oid | undefined {
  if (hex === undefined || !/^[0-9a-f]+$/.test(hex)) return undefined;
  if (inLfs) return hex.length === 64 ? { algorithm: 'sha256', hex } : undefined;
  return hex.length === 40 ? { algorithm: 'git-sha1', hex } : undefined;
}

const errorAnswer = v.union([
  v.pipe(
    v.object({ error: v.string() }),
    v.transform(({ error }) => error),
  ),
  v.pipe(
    v.object({ errors: v.pipe(v.array(v.object({ message: v.string() })), v.minLength(1)) }),
    v.transform(({ errors }) => errors.map(({ message }) => message).join('; ')),
  ),
  v.pipe(
    v.object({ error_description: v.string() }),
    v.transform(({ error_description }) => error_description),
  ),
]);

/** The message of an error answer, wherever in it the Hub put it. */
export function parseErrorMessage(body: string): string | undefined {
  const parsed = v.safeParse(errorAnswer, parseJson(body), FIRST_ISSUE);
  return parsed.success ? parsed.output : undefined;
}

const registryError = v.object({
  errors: v.array(v.object({ code: v.pipe(v.string(), v.regex(/^[A-Z_]+$/)) })),
});

/** `{"errors":[{"code":"NAME_UNKNOWN", …}]}` of the OCI distribution spec. */
export function isRegistryError(body: string): boolean {
  return v.is(registryError, parseJson(body));
}

export function isJson(body: string): boolean {
  return parseJson(body) !== undefined;
}

function parseAnswer(body: string, url: string): unknown {
  const value = parseJson(body);
  if (value === undefined) throw unreadable(url, 'not JSON');
  return value;
}

function unreadable(url: string, reason: string): ModelcarError {
  return new ModelcarError('UNSUPPORTED', `cannot read the Hub's answer to ${withoutQuery(url)}: ${reason}`, {
    hint: 'Check that the endpoint is a Hugging Face Hub or a mirror of one.',
  });
}
