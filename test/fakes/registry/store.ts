import { createHash } from 'node:crypto';
import type { Budget, Content } from './content.ts';

export interface StoredBlob {
  readonly digest: string;
  readonly size: number;
  /** Undefined when the bytes did not fit the budget and only their hash was kept. */
  readonly bytes: Buffer | undefined;
}

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

interface Repository {
  readonly blobs: Set<string>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
}

/** What was committed. Bytes are held once; a repository only links to them, as real registries do. */
export interface Store {
  readonly budget: Budget;
  /** All blobs of the registry by digest. */
  readonly blobs: ReadonlyMap<string, StoredBlob>;
  readonly repositories: ReadonlyMap<string, Repository>;
  commit(repository: string, digest: string, content: Content): StoredBlob;
  link(repository: string, digest: string): void;
  /** The same bytes under the digest of another algorithm. */
  alias(repository: string, digest: string, canonical: string): void;
  blob(repository: string, digest: string): StoredBlob | undefined;
  putManifest(repository: string, mediaType: string, bytes: Buffer, digest?: string): StoredManifest;
  tag(repository: string, tag: string, digest: string): void;
  manifest(repository: string, reference: string): StoredManifest | undefined;
  unlink(repository: string, digest: string): void;
}

export function createStore(budget: Budget): Store {
  const blobs = new Map<string, StoredBlob>();
  const repositories = new Map<string, Repository>();

  function repository(name: string): Repository {
    const known = repositories.get(name);
    if (known) return known;
    const fresh: Repository = { blobs: new Set(), manifests: new Map(), tags: new Map() };
    repositories.set(name, fresh);
    return fresh;
  }

  return {
    budget,
    blobs,
    repositories,
    commit(name, digest, content) {
      const known = blobs.get(digest);
      const blob = known ?? { digest, size: content.size, bytes: content.bytes() };
      // The blob holds its own copy of the same length from here on, so the budget's count stays as it is.
      if (known || !blob.bytes) content.release();
      blobs.set(digest, blob);
      repository(name).blobs.add(digest);
      return blob;
    },
    link(name, digest) {
      repository(name).blobs.add(digest);
    },
    alias(name, digest, canonical) {
      const blob = blobs.get(canonical);
      if (!blob) return;
      blobs.set(digest, blob);
      repository(name).blobs.add(digest);
    },
    blob(name, digest) {
      return repositories.get(name)?.blobs.has(digest) ? blobs.get(digest) : undefined;
    },
    putManifest(name, mediaType, bytes, digest = sha256Of(bytes)) {
      const manifest: StoredManifest = { digest, mediaType, bytes };
      repository(name).manifests.set(digest, manifest);
      return manifest;
    },
    tag(name, tag, digest) {
      repository(name).tags.set(tag, digest);
    },
    manifest(name, reference) {
      const known = repositories.get(name);
      return known?.manifests.get(known.tags.get(reference) ?? reference);
    },
    unlink(name, digest) {
      repositories.get(name)?.blobs.delete(digest);
    },
  };
}

export function sha256Of(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
