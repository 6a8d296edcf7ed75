import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peerPath } from './peers.ts';
import { exchange } from './raw-http.ts';
import { runCommand } from './run-command.ts';

export type TinyImage = { readonly reference: string; readonly digest: string; readonly manifest: string };

/** Pushes an image of one layer, made by GNU tar and by hand, to try the readers with. */
export async function pushTinyImage(host: string, fileContent: string): Promise<TinyImage> {
  const layer = await layerWith(fileContent);
  const config = jsonBytes({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  });
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  const repository = new URL(`http://${host}/v2/some/tiny-model/`);
  await pushBlob(repository, layer);
  await pushBlob(repository, config);
  const url = new URL('manifests/latest', repository);
  const put = await exchange({
    method: 'PUT',
    url,
    headers: { 'content-type': manifestType },
    body: manifest,
  });
  if (put.status !== 201) throw new Error(`PUT of the manifest: ${put.status} ${put.body.toString('utf8')}`);
  const reference = `${host}/some/tiny-model:latest`;
  return { reference, digest: digestOf(manifest), manifest: manifest.toString('utf8') };
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

async function layerWith(fileContent: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'tiny-image-'));
  try {
    await mkdir(join(folder, 'models'));
    await writeFile(join(folder, 'models', 'config.json'), fileContent);
    const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
    const args = ['--create', '--format=ustar', ...owner, '--file=layer.tar', 'models'];
    await runCommand(peerPath('gnu-tar'), args, { cwd: folder });
    return await readFile(join(folder, 'layer.tar'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function pushBlob(repository: URL, blob: Buffer): Promise<void> {
  const url = new URL('blobs/uploads/', repository);
  const opened = await exchange({ method: 'POST', url, body: Buffer.alloc(0) });
  const session = new URL(opened.headers.location ?? '', url);
  session.searchParams.set('digest', digestOf(blob));
  const headers = { 'content-type': 'application/octet-stream' };
  const put = await exchange({ method: 'PUT', url: session, headers, body: blob });
  if (put.status !== 201) throw new Error(`PUT of a blob: ${put.status} ${put.body.toString('utf8')}`);
}

function descriptor(mediaType: string, bytes: Buffer): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function jsonBytes(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
