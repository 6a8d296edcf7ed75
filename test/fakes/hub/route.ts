import type { RepoType } from './repo-graph.ts';

export type RouteClass =
  | 'info'
  | 'tree'
  | 'paths-info'
  | 'refs'
  | 'xet-read-token'
  | 'resolve'
  | 'resolve-cache'
  | 'raw'
  | 'whoami'
  | 'cdn'
  | 'page';

/** Where a repository's name stands in the request target, so that a renamed one can be put in its place. */
export interface NamedRepo {
  readonly type: RepoType;
  readonly id: string;
  readonly before: string;
  readonly after: string;
}

export type RepoRoute =
  | { readonly name: 'info'; readonly repo: NamedRepo; readonly revision: string | undefined }
  | { readonly name: 'refs'; readonly repo: NamedRepo }
  | { readonly name: 'xet-read-token' | 'paths-info'; readonly repo: NamedRepo; readonly revision: string }
  | {
      readonly name: 'tree' | 'resolve' | 'resolve-cache' | 'raw';
      readonly repo: NamedRepo;
      readonly revision: string;
      readonly path: string;
    };

export type Route = RepoRoute | { readonly name: 'whoami' } | { readonly name: 'page' };

const PLURALS: Readonly<Record<string, RepoType>> = { models: 'model', datasets: 'dataset', spaces: 'space' };
const API_VERBS = new Set(['revision', 'tree', 'paths-info', 'refs', 'xet-read-token']);
const FILE_VERBS = new Set(['resolve', 'raw']);

/** `target` is the request target as it came, without the path prefix of the deployment. */
export function parseRoute(target: string): Route {
  const mark = target.indexOf('?');
  const path = new TargetPath(mark < 0 ? target : target.slice(0, mark), mark < 0 ? '' : target.slice(mark));
  if (path.at(0) === undefined) return PAGE;
  return (path.at(0) === 'api' ? parseApi(path) : parseFile(path)) ?? PAGE;
}

const PAGE: Route = { name: 'page' };

function parseApi(path: TargetPath): Route | undefined {
  if (path.at(1) === 'whoami-v2' && path.length === 2) return { name: 'whoami' };
  if (path.at(1) === 'resolve-cache') return parseResolveCache(path);
  const type = PLURALS[path.at(1) ?? ''];
  if (type === undefined || path.at(2) === undefined) return undefined;
  const repoLength = path.length === 3 || API_VERBS.has(path.at(3) ?? '') ? 1 : 2;
  const repo = path.repo(type, 2, repoLength);
  const verb = 2 + repoLength;
  if (path.length === verb) return { name: 'info', repo, revision: undefined };
  const { revision, next } = path.revision(verb + 1);
  switch (path.at(verb)) {
    case 'refs':
      return { name: 'refs', repo };
    case 'revision':
      return revision === undefined ? undefined : { name: 'info', repo, revision };
    case 'xet-read-token':
      return revision === undefined ? undefined : { name: 'xet-read-token', repo, revision };
    case 'paths-info':
      return revision === undefined ? undefined : { name: 'paths-info', repo, revision };
    case 'tree':
      return revision === undefined ? undefined : { name: 'tree', repo, revision, path: path.from(next) };
    default:
      return undefined;
  }
}

function parseResolveCache(path: TargetPath): Route | undefined {
  const type = PLURALS[path.at(2) ?? ''];
  if (type === undefined) return undefined;
  const repoLength = /^[0-9a-f]{40}$/.test(path.at(4) ?? '') ? 1 : 2;
  const revision = path.at(3 + repoLength);
  if (revision === undefined || path.length < 5 + repoLength) return undefined;
  const repo = path.repo(type, 3, repoLength);
  return { name: 'resolve-cache', repo, revision, path: path.from(4 + repoLength) };
}

function parseFile(path: TargetPath): Route | undefined {
  const first = path.at(0) ?? '';
  const start = first === 'datasets' || first === 'spaces' ? 1 : 0;
  const type = start === 1 ? (PLURALS[first] ?? 'model') : 'model';
  const repoLength = [1, 2].find((length) => FILE_VERBS.has(path.at(start + length) ?? ''));
  if (repoLength === undefined) return undefined;
  const { revision, next } = path.revision(start + repoLength + 1);
  if (revision === undefined || path.length <= next) return undefined;
  const name = path.at(start + repoLength) === 'raw' ? 'raw' : 'resolve';
  return { name, repo: path.repo(type, start, repoLength), revision, path: path.from(next) };
}

/** A path as sent and as meant: the raw segments are needed to redirect without re-escaping anything. */
class TargetPath {
  readonly #raw: readonly string[];
  readonly #query: string;
  readonly #decoded: readonly string[];

  constructor(pathname: string, query: string) {
    this.#raw = pathname.split('/').slice(1);
    this.#query = query;
    this.#decoded = decodeAll(this.#raw);
  }

  get length(): number {
    return this.#decoded.length;
  }

  at(index: number): string | undefined {
    return this.#decoded[index];
  }

  /** What is left, `%2F` and `/` meaning the same. */
  from(index: number): string {
    return this.#decoded.slice(index).join('/');
  }

  /** One segment with everything escaped, or `refs/pr/N` written out, which the Hub takes too. */
  revision(index: number): { revision: string | undefined; next: number } {
    const spelledOut = this.at(index) === 'refs' && this.at(index + 2) !== undefined;
    return spelledOut
      ? { revision: this.#decoded.slice(index, index + 3).join('/'), next: index + 3 }
      : { revision: this.at(index), next: index + 1 };
  }

  repo(type: RepoType, index: number, length: number): NamedRepo {
    const after = this.#raw.slice(index + length);
    return {
      type,
      id: this.#decoded.slice(index, index + length).join('/'),
      before: `/${this.#raw
        .slice(0, index)
        .map((segment) => `${segment}/`)
        .join('')}`,
      after: after.map((segment) => `/${segment}`).join('') + this.#query,
    };
  }
}

function decodeAll(segments: readonly string[]): string[] {
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return [];
  }
}
