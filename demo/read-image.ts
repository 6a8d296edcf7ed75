import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

/**
 * The files of an image in an OCI layout, read by the specifications and by nothing of ours: index, manifest, config,
 * layers; every digest checked, every diff ID compared, every tar member taken apart.
 *
 * @returns path in the image → content
 */
export async function readImage(folder: string, tag: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
  const entry = index.manifests.find(
    (one: { annotations?: Record<string, string> }) =>
      one.annotations?.['org.opencontainers.image.ref.name'] === tag,
  );
  if (entry === undefined) throw new Error(`no tag ${tag} in ${folder}`);
  const manifest = JSON.parse(Buffer.from(await readBlob(folder, entry)).toString());
  const config = JSON.parse(Buffer.from(await readBlob(folder, manifest.config)).toString());
  const files = new Map<string, Uint8Array>();
  for (const [at, layer] of (manifest.layers as Descriptor[]).entries()) {
    if (config.rootfs.diff_ids[at] !== layer.digest)
      throw new Error(`diff ID ${at} is not the digest of the layer`);
    for (const [path, content] of readTar(await readBlob(folder, layer))) files.set(path, content);
  }
  return files;
}

async function readBlob(folder: string, { digest, size }: Descriptor): Promise<Uint8Array> {
  const bytes = await readFile(join(folder, 'blobs', ...digest.split(':')));
  const got = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (got !== digest || bytes.length !== size)
    throw new Error(`blob ${digest} holds ${got}, ${bytes.length} bytes`);
  return bytes;
}

/** The regular files of a tar (IEEE Std 1003.1, pax), small ones. */
function* readTar(bytes: Uint8Array): Generator<[path: string, content: Uint8Array]> {
  let paxPath: string | undefined;
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const header = Buffer.from(bytes.buffer, bytes.byteOffset + at, 512);
    const field = (from: number, to: number) => header.toString('utf8', from, to).replace(/\0.*$/s, '');
    const size = Number.parseInt(field(124, 136), 8);
    const content = bytes.subarray(at + 512, at + 512 + size);
    const type = field(156, 157);
    if (type === 'x') paxPath = /\d+ path=(.*)\n/.exec(Buffer.from(content).toString())?.[1];
    else {
      const prefix = field(345, 500);
      if (type === '0') yield [paxPath ?? (prefix === '' ? '' : `${prefix}/`) + field(0, 100), content];
      paxPath = undefined;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
