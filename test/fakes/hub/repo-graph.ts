import { createHash } from 'node:crypto';
import type { FileMap, HubFile } from './content.ts';

export type RepoType = 'model' | 'dataset' | 'space';
type Gate = false | 'auto' | 'manual';

/** What a test writes down about one repository. */
export interface RepoSpec {
  readonly id: string;
  readonly type?: RepoType;
  readonly private?: boolean;
  readonly gated?: Gate;
  readonly disabled?: boolean;
  /** Former names: requests for them are answered with a 307 to the present one. */
  readonly aliases?: readonly string[];
  /** The files of `main`. */
  readonly files?: FileMap;
  readonly branches?: Readonly<Record<string, FileMap>>;
  /** A tag has its own files or names the branch whose head it marks. */
  readonly tags?: Readonly<Record<string, FileMap | string>>;
  /** By number: `{ 3: files }` is `refs/pr/3`. */
  readonly pullRequests?: Readonly<Record<number, FileMap>>;
  /** The YAML front matter of the model card, as the Hub parsed it. */
  readonly cardData?: Readonly<Record<string, unknown>>;
}

export interface Commit {
  readonly sha: string;
  readonly title: string;
  readonly date: string;
  readonly files: ReadonlyMap<string, HubFile>;
}

export interface Repo {
  readonly id: string;
  readonly type: RepoType;
  /** The Mongo-like id that appears in CDN paths. */
  readonly objectId: string;
  readonly aliases: readonly string[];
  readonly cardData: Readonly<Record<string, unknown>>;
  private: boolean;
  gated: Gate;
  disabled: boolean;
  readonly commits: Map<string, Commit>;
  readonly branches: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly pullRequests: Map<number, string>;
  commitCount: number;
}

export function createRepo(spec: RepoSpec): Repo {
  const repo: Repo = {
    id: spec.id,
    type: spec.type ?? 'model',
    objectId: createHash('sha256').update(`${spec.type}/${spec.id}`).digest('hex').slice(0, 24),
    aliases: spec.aliases ?? [],
    cardData: spec.cardData ?? {},
    private: spec.private ?? false,
    gated: spec.gated ?? false,
    disabled: spec.disabled ?? false,
    commits: new Map(),
    branches: new Map(),
    tags: new Map(),
    pullRequests: new Map(),
    commitCount: 0,
  };
  repo.branches.set('main', addCommit(repo, spec.files ?? {}));
  for (const [name, files] of Object.entries(spec.branches ?? {})) {
    repo.branches.set(name, addCommit(repo, files));
  }
  for (const [name, target] of Object.entries(spec.tags ?? {})) {
    repo.tags.set(name, typeof target === 'string' ? headOf(repo, target) : addCommit(repo, target));
  }
  for (const [number, files] of Object.entries(spec.pullRequests ?? {})) {
    repo.pullRequests.set(Number(number), addCommit(repo, files));
  }
  return repo;
}

/** The sha depends on names, sizes and content keys, never on digests: listing 430 GB must stay free. */
export function addCommit(repo: Repo, files: FileMap): string {
  repo.commitCount += 1;
  const entries = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha1').update(`${repo.type} ${repo.id} ${repo.commitCount}\n`);
  for (const [path, file] of entries) hash.update(`${path}\0${file.lfs}\0${file.source.key}\n`);
  const sha = hash.digest('hex');
  repo.commits.set(sha, {
    sha,
    title: repo.commitCount === 1 ? 'initial commit' : `Upload files (${repo.commitCount})`,
    date: new Date(FIRST_COMMIT_MS + repo.commitCount * 60_000).toISOString(),
    files: new Map(entries),
  });
  return sha;
}

const FIRST_COMMIT_MS = Date.UTC(2026, 0, 15, 9, 30);

function headOf(repo: Repo, branch: string): string {
  const sha = repo.branches.get(branch);
  if (sha === undefined) throw new Error(`${repo.id} has no branch ${branch}`);
  return sha;
}

/** Branch, tag, `refs/pr/N`, `refs/heads/x`, `refs/tags/x` or a full sha; short shas name nothing. */
export function commitAt(repo: Repo, revision: string): Commit | undefined {
  const pull = /^refs\/pr\/(\d+)$/.exec(revision);
  const sha =
    repo.branches.get(revision.replace(/^refs\/heads\//, '')) ??
    repo.tags.get(revision.replace(/^refs\/tags\//, '')) ??
    (pull ? repo.pullRequests.get(Number(pull[1])) : undefined) ??
    revision;
  return repo.commits.get(sha);
}

export interface FoundRepo {
  readonly repo: Repo;
  /** False for a former name or another spelling: the Hub then redirects. */
  readonly canonical: boolean;
}

export function findRepo(repos: readonly Repo[], type: RepoType, id: string): FoundRepo | undefined {
  const wanted = id.toLowerCase();
  const repo = repos.find(
    (candidate) =>
      candidate.type === type &&
      [candidate.id, ...candidate.aliases].some((name) => name.toLowerCase() === wanted),
  );
  return repo && { repo, canonical: repo.id === id };
}
