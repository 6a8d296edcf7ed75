import { createHash } from 'node:crypto';
import { refuse } from './auth.ts';
import { type FileIdentity, type HubFile, identify } from './content.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { Commit, Repo } from './repo-graph.ts';
import type { NamedRepo } from './route.ts';
import type { HubRequest, HubState } from './state.ts';

interface TreeRoute {
  readonly repo: NamedRepo;
  readonly revision: string;
  readonly path: string;
}

/** What stands at a path of a commit: a file, or a folder because files lie below it. */
type Node = { readonly path: string; readonly file?: HubFile };

const MAX_EXPANDED_PAGE = 50;

export async function treeReply(
  state: HubState,
  route: TreeRoute,
  { query }: HubRequest,
  { repo, commit }: { repo: Repo; commit: Commit },
): Promise<Reply> {
  const folder = route.path.replace(/\/+$/, '');
  const nodes = nodesBelow(commit, folder, query.get('recursive') === 'true');
  if (folder !== '' && nodes.length === 0) return missingFolder(folder, route.revision);
  const expand = query.get('expand') === 'true';
  const largest = expand ? Math.min(MAX_EXPANDED_PAGE, state.knobs.pageSize) : state.knobs.pageSize;
  const limit = Math.min(largest, positive(query.get('limit')) ?? largest);
  const cursor = query.get('cursor');
  const after = cursor === null ? '' : readCursor(cursor);
  if (after === undefined) return jsonReply(400, { error: 'Invalid cursor' });
  const rest = nodes.filter((node) => node.path > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const headers = last && rest.length > limit ? nextLink(state, route, repo, query, last.path, limit) : {};
  return jsonReply(200, await describeAll(page, commit, { expand, xet: state.knobs.xet }), headers);
}

function missingFolder(folder: string, revision: string): Reply {
  const message = `${folder} does not exist on "${revision}"`;
  return refuse({ status: 404, code: 'EntryNotFound', message }, 'json');
}

function positive(value: string | null): number | undefined {
  const number = Number(value);
  return value !== null && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** The Link always names the public origin, in full, whatever host was asked. */
function nextLink(
  state: HubState,
  { repo: named, revision, path }: TreeRoute,
  repo: Repo,
  query: URLSearchParams,
  lastPath: string,
  limit: number,
): Record<string, string> {
  const next = new URLSearchParams(query);
  next.set('limit', `${limit}`);
  next.set('cursor', writeCursor(lastPath, limit));
  const folder = path === '' ? '' : `/${encodeURIComponent(path)}`;
  const target = `${named.before}${repo.id}/tree/${encodeURIComponent(revision)}${folder}?${next}`;
  return { Link: `<${state.knobs.publicOrigin}${target}>; rel="next"` };
}

/** The shape seen in the wild: base64 of base64url JSON, a colon and the page size. */
function writeCursor(lastPath: string, limit: number): string {
  const tree = createHash('sha1').update(lastPath).digest('hex');
  const inner = Buffer.from(JSON.stringify({ file_name: lastPath, tree_oid: tree })).toString('base64url');
  return Buffer.from(`${inner}:${limit}`).toString('base64');
}

function readCursor(cursor: string): string | undefined {
  try {
    const inner = Buffer.from(cursor, 'base64').toString('utf8').split(':')[0] ?? '';
    const value: unknown = JSON.parse(Buffer.from(inner, 'base64url').toString('utf8'));
    if (typeof value !== 'object' || value === null || !('file_name' in value)) return undefined;
    return typeof value.file_name === 'string' ? value.file_name : undefined;
  } catch {
    return undefined;
  }
}

/** Tree-shaped entries for the paths that exist; the others are left out without a word. */
export async function pathsInfoReply(state: HubState, request: HubRequest, commit: Commit): Promise<Reply> {
  const asked = readPathsInfo(request.contentType, Buffer.from(await request.body()).toString('utf8'));
  if (asked === undefined) return jsonReply(400, { error: '"paths" must be an array of strings' });
  const all = new Map(nodesBelow(commit, '', true).map((node) => [node.path, node]));
  const found = [...new Set(asked.paths)].flatMap((path) => all.get(path.replace(/\/+$/, '')) ?? []);
  return jsonReply(200, await describeAll(found, commit, { expand: asked.expand, xet: state.knobs.xet }));
}

function readPathsInfo(contentType: string, body: string): { paths: string[]; expand: boolean } | undefined {
  if (!contentType.includes('json')) {
    const form = new URLSearchParams(body);
    return { paths: form.getAll('paths'), expand: form.get('expand')?.toLowerCase() === 'true' };
  }
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('paths' in value)) return undefined;
    const { paths } = value;
    if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string')) return undefined;
    return { paths, expand: 'expand' in value && value.expand === true };
  } catch {
    return undefined;
  }
}

function nodesBelow(commit: Commit, folder: string, recursive: boolean): Node[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const nodes = new Map<string, Node>();
  for (const [path, file] of commit.files) {
    if (!path.startsWith(prefix)) continue;
    const names = path.slice(prefix.length).split('/');
    const depth = recursive ? names.length : 1;
    for (let i = 1; i <= Math.min(depth, names.length - 1); i++) {
      const directory = prefix + names.slice(0, i).join('/');
      nodes.set(directory, { path: directory });
    }
    if (recursive || names.length === 1) nodes.set(path, { path, file });
  }
  return [...nodes.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Detail {
  readonly expand: boolean;
  readonly xet: boolean;
}

async function describeAll(nodes: readonly Node[], commit: Commit, detail: Detail): Promise<unknown[]> {
  const described = [];
  for (const { path, file } of nodes) {
    const entry = file ? fileEntry(path, await identify(file), detail) : folderEntry(path);
    described.push(detail.expand ? { ...entry, ...history(commit, file !== undefined) } : entry);
  }
  return described;
}

function folderEntry(path: string): Record<string, unknown> {
  return { type: 'directory', oid: createHash('sha1').update(`tree ${path}`).digest('hex'), size: 0, path };
}

function fileEntry(path: string, identity: FileIdentity, { xet }: Detail): Record<string, unknown> {
  const { blobId, size } = identity;
  if (identity.storage === 'git') return { type: 'file', oid: blobId, size, path };
  const lfs = { oid: identity.sha256, size, pointerSize: identity.pointer.length };
  const hash = xet ? { xetHash: identity.xetHash } : {};
  return { type: 'file', oid: blobId, size, lfs, ...hash, path };
}

function history(commit: Commit, isFile: boolean): Record<string, unknown> {
  const lastCommit = { id: commit.sha, title: commit.title, date: commit.date };
  if (!isFile) return { lastCommit };
  const scan = { status: 'safe', message: null, reportLink: null, reportLabel: null };
  return {
    lastCommit,
    securityFileStatus: { status: 'safe', avScan: scan, pickleImportScan: { ...scan, pickleImports: [] } },
  };
}
