import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LFS_FROM, type ModelSpec } from '../scenario.ts';

export interface ModelFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** Of the content as git has it; of files in LFS a stand-in, as nobody looks at it. */
  readonly blobId: string;
  readonly lfs: boolean;
}

export interface Model {
  readonly id: string;
  readonly commit: string;
  readonly folder: string;
  readonly files: readonly ModelFile[];
}

const STEP = 8 * 2 ** 20;

/** The files of a model on disk, their bytes the same in every run, and all that the Hub says about them. */
export function writeModel(spec: ModelSpec, folder: string): Model {
  const files = Array.from({ length: spec.files }, (_, index) => writeFile(spec, index, folder));
  const commit = createHash('sha1').update(JSON.stringify(files)).digest('hex');
  return { id: 'bench/model', commit, folder, files };
}

function writeFile({ files, size, bytes }: ModelSpec, index: number, folder: string): ModelFile {
  const lfs = size >= LFS_FROM;
  const number = (at: number) => `${at}`.padStart(5, '0');
  const small = index === 0 ? 'config.json' : `part-${number(index + 1)}.json`;
  const path = lfs ? `model-${number(index + 1)}-of-${number(files)}.safetensors` : small;
  const file = openSync(join(folder, path), 'w');
  try {
    const known = bytes === 'zeros' ? ZEROS[size] : undefined;
    if (bytes === 'zeros') ftruncateSync(file, size);
    const write = bytes === 'zeros' ? () => undefined : (chunk: Buffer) => writeAll(file, chunk);
    const hashes = known ?? hashWhile(chunks(index, size, bytes), size, write);
    return typeof hashes === 'string'
      ? { path, size, sha256: hashes, blobId: hashes.slice(0, 40), lfs }
      : { path, size, ...hashes, lfs };
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, chunk: Buffer): void {
  for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
}

/** The keystream of a cipher: as random as bytes can be, at the speed of memory. */
function* chunks(seed: number, size: number, bytes: ModelSpec['bytes']): Generator<Buffer> {
  const zeros = Buffer.alloc(Math.min(STEP, size));
  const key = createHash('sha256').update(`file ${seed}`).digest().subarray(0, 16);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  for (let left = size; left > 0; left -= STEP) {
    const plain = zeros.subarray(0, Math.min(left, STEP));
    yield bytes === 'zeros' ? plain : cipher.update(plain);
  }
}

function hashWhile(
  content: Iterable<Buffer>,
  size: number,
  write: (chunk: Buffer) => void,
): { readonly sha256: string; readonly blobId: string } {
  const sha256 = createHash('sha256');
  const git = size < LFS_FROM ? createHash('sha1').update(`blob ${size}\0`) : undefined;
  for (const chunk of content) {
    write(chunk);
    sha256.update(chunk);
    git?.update(chunk);
  }
  const hex = sha256.digest('hex');
  return { sha256: hex, blobId: git?.digest('hex') ?? hex.slice(0, 40) };
}

/** The sha256 of so many zeros: to compute the last one takes a minute. */
const ZEROS: Readonly<Record<number, string>> = {
  [1 * 2 ** 30]: '49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14',
  [10 * 2 ** 30]: '732377e7f4a2abdc13ddfa1eb4c9c497fd2a2b294674d056cf51581b47dd586d',
  [100 * 2 ** 30]: 'f0b14a8da7f1c48a0846647a078b97956edd8df451a62fc4b466879aa24d4fd7',
};
