import { createHash, randomUUID } from 'node:crypto';
import type { SinkRequest } from './http-requests.ts';

export interface SinkAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

/** A registry that takes every digest for true: it keeps the sizes of blobs, the manifests, and nothing else. */
export class BelievingRegistry {
  readonly #scheme: string;
  readonly #sessions = new Map<string, number>();
  readonly #blobs = new Map<string, number>();
  readonly #manifests = new Map<string, { readonly digest: string; readonly body: Buffer }>();
  #requests = 0;

  constructor(scheme: 'http' | 'https') {
    this.#scheme = scheme;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Forgets everything, as if it were another registry. */
  reset(): void {
    for (const kept of [this.#sessions, this.#blobs, this.#manifests]) kept.clear();
    this.#requests = 0;
  }

  answer(request: SinkRequest): SinkAnswer {
    this.#requests += 1;
    const { pathname, searchParams } = new URL(request.target, 'http://sink');
    const [, repository = '', kind = '', rest = ''] =
      /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|referrers|tags)\/?(.*)$/.exec(pathname) ?? [];
    switch (kind) {
      case 'blobs/uploads':
        return this.#upload(request, repository, rest, searchParams.get('digest'));
      case 'blobs':
        return this.#blob(request.method, rest);
      case 'manifests':
        return this.#manifest(request, repository, rest);
      case 'referrers':
        return json({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [] }, INDEX_TYPE);
      case 'tags':
        return json({ name: repository, tags: [] });
      default:
        return pathname === '/v2/' || pathname === '/v2' ? json({}) : missing('UNSUPPORTED');
    }
  }

  #upload(request: SinkRequest, repository: string, session: string, digest: string | null): SinkAnswer {
    const { method, host, bytes } = request;
    const id = method === 'POST' ? randomUUID() : session;
    const before = method === 'POST' ? 0 : this.#sessions.get(id);
    if (before === undefined) return missing('BLOB_UPLOAD_UNKNOWN');
    const size = before + bytes;
    if (digest !== null) {
      this.#sessions.delete(id);
      this.#blobs.set(digest, size);
      const place = `${this.#scheme}://${host}/v2/${repository}/blobs/${digest}`;
      return { status: 201, headers: { Location: place, 'Docker-Content-Digest': digest } };
    }
    this.#sessions.set(id, size);
    const headers = {
      Location: `${this.#scheme}://${host}/v2/${repository}/blobs/uploads/${id}`,
      Range: `0-${Math.max(0, size - 1)}`,
      'Docker-Upload-UUID': id,
    };
    return { status: method === 'GET' || method === 'DELETE' ? 204 : 202, headers };
  }

  /** To HEAD alone: the bytes are gone. */
  #blob(method: string, digest: string): SinkAnswer {
    const size = this.#blobs.get(digest);
    if (size === undefined || method !== 'HEAD') return missing('BLOB_UNKNOWN');
    const headers = { 'Content-Length': `${size}`, 'Docker-Content-Digest': digest };
    return { status: 200, headers: { ...headers, 'Content-Type': 'application/octet-stream' } };
  }

  #manifest({ method, host, kept }: SinkRequest, repository: string, reference: string): SinkAnswer {
    if (method === 'PUT') {
      const digest = `sha256:${createHash('sha256').update(kept).digest('hex')}`;
      for (const name of [reference, digest])
        this.#manifests.set(`${repository}@${name}`, { digest, body: kept });
      const place = `${this.#scheme}://${host}/v2/${repository}/manifests/${digest}`;
      return { status: 201, headers: { Location: place, 'Docker-Content-Digest': digest } };
    }
    const found = this.#manifests.get(`${repository}@${reference}`);
    if (found === undefined) return missing('MANIFEST_UNKNOWN');
    const headers = { 'Content-Type': MANIFEST_TYPE, 'Docker-Content-Digest': found.digest };
    return { status: 200, headers, body: found.body };
  }
}

function json(value: unknown, type = 'application/json'): SinkAnswer {
  return { status: 200, headers: { 'Content-Type': type }, body: Buffer.from(JSON.stringify(value)) };
}

function missing(code: string): SinkAnswer {
  return { ...json({ errors: [{ code, message: 'not here', detail: null }] }), status: 404 };
}
