import * as v from 'valibot';
import { ModelcarError } from '../core/error.ts';
import { parseJson } from '../core/json.ts';
import { type Commit, isCommit, type Oid, type Sibling } from '../core/model.ts';
import { presentable } from '../http/presentable.ts';

/** The shapes of the Hub's JSON (https://huggingface.co/docs/hub/api), as much of them as we rely on. */

const info = v.object({ sha: v.string() });

/** 1 PiB: no file of the Hub comes near it (https://huggingface.co/docs/hub/storage-limits), and sums of sizes stay exact. */
const LARGEST = 2 ** 50;

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LARGEST));

/** What is wrong with each of a million entries is of no interest, and would fill the memory. */
const FIRST_ISSUE = { abortEarly: true } as const;

const treeEntry = v.object({
  type: v.string(),
  path: v.string(),
  oid: v.optional(v.string()),
  size: v.optional(size),
  // The tree calls it `oid`, model info calls it `sha256`; mirrors mix them up.
  lfs: v.nullish(
    v.object({ oid: v.optional(v.string()), sha256: v.optional(v.string()), size: v.optional(size) }),
  ),
});

/** @throws ModelcarError `UNSUPPORTED` */
export function parseCommit(body: string, url: string): Commit {
  const parsed = v.safeParse(info, parseAnswer(body, url), FIRST_ISSUE);
  if (parsed.success && isCommit(parsed.output.sha)) return parsed.output.sha;
  throw unreadable(url, 'no commit in it');
}

/**
 * The files of one page of a listing, without its directories.
 * @throws ModelcarError `UNSUPPORTED` when it is not a listing, or when a file comes without a size or a hash: what
 *   cannot be checked is not pushed
 */
export function parseTreePage(body: string, url: string): readonly Sibling[] {
  const parsed = v.safeParse(v.array(treeEntry), parseAnswer(body, url), FIRST_ISSUE);
  if (!parsed.success) throw unreadable(url, 'not a listing of files');
  return parsed.output
    .filter(({ type }) => type === 'file')
    .map((entry) => {
      const oid = parseOid(entry);
      const bytes = entry.lfs?.size ?? entry.size;
      if (oid === undefined || bytes === undefined)
        throw unreadable(url, `no size or no hash for ${presentable(entry.path)}`);
      return { path: entry.path, size: bytes, oid };
    });
}

function parseOid({ oid, lfs }: v.InferOutput<typeof treeEntry>): Oid | undefined {
  // For an LFS file the entry's own oid is that of its pointer.
  const hex = lfs ? (lfs.oid ?? lfs.sha256)?.replace(/^sha256:/, '') : oid;
  if (hex === undefined || !/^[0-9a-f]+$/.test(hex)) return undefined;
  if (lfs) return hex.length === 64 ? { algorithm: 'sha256', hex } : undefined;
  return hex.length === 40 ? { algorithm: 'git-sha1', hex } : undefined;
}

/** The message of an error answer, wherever in it the Hub put it. */
export function parseErrorMessage(body: string): string | undefined {
  const parsed = v.safeParse(v.object({ error: v.string() }), parseJson(body), FIRST_ISSUE);
  return parsed.success ? parsed.output.error : undefined;
}

function parseAnswer(body: string, url: string): unknown {
  const value = parseJson(body);
  if (value === undefined) throw unreadable(url, 'not JSON');
  return value;
}

function unreadable(url: string, reason: string): ModelcarError {
  return new ModelcarError('UNSUPPORTED', `cannot read the Hub's answer to ${url}: ${reason}`, {
    hint: 'Check that the endpoint is a Hugging Face Hub or a mirror of one.',
  });
}
