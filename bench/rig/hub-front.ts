import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import type { Model, ModelFile } from './model.ts';
import { serveParent } from './serve-parent.ts';

/**
 * A process of its own: the Hub's API, and where the files are. Bytes of files in LFS come from somewhere else; the small
 * ones from here and from memory, after one more redirect, as the Hub does it.
 */
export interface HubStart {
  readonly address: string;
  readonly model: Model;
  /** What stands before the name of a file in LFS. */
  readonly storage: string;
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

export interface HubReport {
  readonly requests: number;
}

serveParent<HubStart, HubReport>({
  start(start) {
    let requests = 0;
    const answer = answers(start);
    const listener: RequestListener = (request, response) => {
      requests += 1;
      answer(request, response);
    };
    const server = start.tls === undefined ? createServer(listener) : createTlsServer(start.tls, listener);
    server.keepAliveTimeout = 60_000;
    return {
      server,
      address: start.address,
      report: () => ({ requests }),
      reset: () => {
        requests = 0;
      },
    };
  },
});

function answers({ model, storage }: HubStart): RequestListener {
  const files = new Map(model.files.map((file) => [file.path, file]));
  const small = new Map(
    model.files.filter(({ lfs }) => !lfs).map(({ path }) => [path, readFileSync(join(model.folder, path))]),
  );
  const info = JSON.stringify(describe(model));
  const tree = JSON.stringify(model.files.map(treeEntry));
  return (request, response) => {
    const path = new URL(request.url ?? '/', 'http://hub').pathname;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const file = files.get(name);
    response.setHeader('X-Repo-Commit', model.commit);
    if (path.startsWith(`/api/models/${model.id}/tree/`)) json(response, tree);
    else if (path.startsWith(`/api/models/${model.id}`)) json(response, info);
    else if (file === undefined) response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
    else if (path.startsWith('/api/resolve-cache/')) send(request, response, file, small.get(name));
    else redirect(response, model, file, storage);
  };
}

function json(response: ServerResponse, body: string): void {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(body);
}

function redirect(response: ServerResponse, { id, commit }: Model, file: ModelFile, storage: string): void {
  const { lfs, path, size, sha256, blobId } = file;
  if (!lfs) {
    const etag = encodeURIComponent(`"${blobId}"`);
    const Location = `/api/resolve-cache/models/${id}/${commit}/${path}?etag=${etag}`;
    response.writeHead(307, { Location, ETag: `"${blobId}"`, 'Content-Length': '0' }).end();
    return;
  }
  const hourFromNow = Math.floor(Date.now() / 1000) + 3_600;
  const headers = { 'X-Linked-Size': `${size}`, 'X-Linked-ETag': `"${sha256}"`, 'Content-Length': '0' };
  response
    .writeHead(302, { ...headers, Location: `${storage}${path}?Expires=${hourFromNow}&Signature=x` })
    .end();
}

function send(
  { headers: { range } }: IncomingMessage,
  response: ServerResponse,
  { blobId }: ModelFile,
  content: Buffer = Buffer.alloc(0),
): void {
  const headers = {
    ETag: `"${blobId}"`,
    'Accept-Ranges': 'bytes',
    'Content-Type': 'text/plain; charset=utf-8',
  };
  const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  const part = content.subarray(start);
  const where =
    start === 0 ? {} : { 'Content-Range': `bytes ${start}-${content.length - 1}/${content.length}` };
  response.writeHead(start === 0 ? 200 : 206, { ...headers, ...where, 'Content-Length': `${part.length}` });
  response.end(part);
}

function describe({ id, commit, files }: Model): object {
  return {
    _id: '0123456789abcdef01234567',
    id,
    modelId: id,
    author: id.split('/')[0],
    sha: commit,
    lastModified: '2026-01-15T09:30:00.000Z',
    createdAt: '2026-01-15T09:30:00.000Z',
    private: false,
    disabled: false,
    gated: false,
    downloads: 0,
    likes: 0,
    tags: [],
    siblings: files.map(({ path }) => ({ rfilename: path })),
    spaces: [],
  };
}

function treeEntry({ path, size, sha256, blobId, lfs }: ModelFile): object {
  const entry = { type: 'file', oid: blobId, size, path };
  return lfs ? { ...entry, lfs: { oid: sha256, size, pointerSize: 135 } } : entry;
}
