import { createHash, type Hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type ByteSource, diskSource, memorySource, syntheticSource } from './byte-source.ts';

/** One file of a fixture repository: its bytes, and how the Hub stores and serves them. */
export interface HubFile {
  readonly source: ByteSource;
  /** Stored in LFS/Xet: listed with `lfs` and `xetHash`, resolved by a 302 to the CDN. */
  readonly lfs: boolean;
  /** Answered with 200 by the resolve route itself (no 307 and no 302), as a few per cent of real files are. */
  readonly direct: boolean;
  /** A digest that is claimed and not computed, for files nobody will read to the end. */
  readonly claimedSha256?: string;
}

export type FileMap = Readonly<Record<string, HubFile>>;

export interface Storage {
  readonly lfs?: boolean;
  readonly direct?: boolean;
}

export function text(value: string, storage: Storage = {}): HubFile {
  return stored(memorySource(Buffer.from(value, 'utf8')), storage);
}

export function json(value: unknown, storage: Storage = {}): HubFile {
  return text(`${JSON.stringify(value, null, 2)}\n`, storage);
}

export function bytes(value: Uint8Array, storage: Storage = {}): HubFile {
  return stored(memorySource(value), storage);
}

export function disk(path: string, storage: Storage = {}): HubFile {
  return stored(diskSource(path), storage);
}

export interface SyntheticSpec extends Storage {
  readonly size: number;
  readonly seed?: number;
  /**
   * `computed` (the default) reads the whole file once, at about 1.5 GB/s; `claimed` makes a stable digest up,
   * which is what a 430 GB file needs to be listed; a hex string is announced as it is.
   */
  readonly sha256?: 'computed' | 'claimed' | (string & {});
}

/** Seeded bytes made by offset, so the size costs nothing. In LFS unless told otherwise. */
export function synthetic(spec: SyntheticSpec): HubFile {
  const { size, seed = 1, sha256 = 'computed', lfs = true, direct = false } = spec;
  const file = stored(syntheticSource(seed, size), { lfs, direct });
  if (sha256 === 'computed') return file;
  return { ...file, claimedSha256: sha256 === 'claimed' ? sha256Hex(`claimed:${file.source.key}`) : sha256 };
}

function stored(source: ByteSource, { lfs = false, direct = false }: Storage): HubFile {
  return { source, lfs, direct };
}

/** What the Hub says about a file without sending it. */
export type FileIdentity = GitIdentity | LfsIdentity;

interface GitIdentity {
  readonly storage: 'git';
  readonly size: number;
  /** sha1 of `blob <size>\0` and the content, as git has it. */
  readonly blobId: string;
}

export interface LfsIdentity {
  readonly storage: 'lfs';
  readonly size: number;
  /** sha1 of the blob git really holds: the pointer file. */
  readonly blobId: string;
  readonly sha256: string;
  /** 64 hex digits that are not the sha256: the Merkle hash the CDN uses as ETag. */
  readonly xetHash: string;
  readonly pointer: string;
}

const identities = new WeakMap<HubFile, Promise<FileIdentity>>();

export function identify(file: HubFile): Promise<FileIdentity> {
  const known = identities.get(file);
  if (known) return known;
  const identity = file.lfs ? identifyLfs(file) : identifyGit(file.source);
  identities.set(file, identity);
  return identity;
}

async function identifyGit(source: ByteSource): Promise<GitIdentity> {
  const hash = createHash('sha1').update(`blob ${source.size}\0`);
  return { storage: 'git', size: source.size, blobId: await digest(hash, source) };
}

async function identifyLfs({ source, claimedSha256 }: HubFile): Promise<LfsIdentity> {
  const sha256 = claimedSha256 ?? (await sha256Of(source));
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${source.size}\n`;
  const blobId = createHash('sha1').update(`blob ${pointer.length}\0${pointer}`).digest('hex');
  return {
    storage: 'lfs',
    size: source.size,
    blobId,
    sha256,
    xetHash: sha256Hex(`xet-merkle:${sha256}`),
    pointer,
  };
}

const digests = new Map<string, Promise<string>>();

/** Cached by what the bytes are, so that every hub of a test run shares the work. */
function sha256Of(source: ByteSource): Promise<string> {
  const known = digests.get(source.key);
  if (known) return known;
  const fresh = digest(createHash('sha256'), source);
  digests.set(source.key, fresh);
  return fresh;
}

const BYTES_BETWEEN_PAUSES = 32 * 1024 * 1024;

/** Lets other requests in now and then: a 2 GiB file takes more than a second to hash. */
async function digest(hash: Hash, source: ByteSource): Promise<string> {
  let sincePause = 0;
  for (const chunk of source.read(0, source.size)) {
    hash.update(chunk);
    sincePause += chunk.length;
    if (sincePause < BYTES_BETWEEN_PAUSES) continue;
    sincePause = 0;
    await setImmediate();
  }
  return hash.digest('hex');
}

export function sha256Hex(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
