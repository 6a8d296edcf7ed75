import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ByteSource, fromBytes, zeros } from '../../src/core/bytes.ts';
import { buildImage } from '../../src/core/image.ts';
import { LAYER } from '../../src/core/media-type.ts';
import { tarLayer } from '../../src/core/tar-layer.ts';
import { layoutTarget } from '../support/layout-target.ts';
import { readAll } from '../support/read-all.ts';
import { describePeers, type PeerName, peerPath } from './peers.ts';
import { openPodman } from './podman.ts';
import { unpackLayout } from './read-back.ts';
import { listTars } from './read-tar.ts';
import { runCommand } from './run-command.ts';

/** More than the octal size field of a tar header can say, and no round number of blocks. */
const SIZE = 8 * 2 ** 30 + 5;
const NAME = 'models/model-00001-of-00001.gguf';

describePeers(['busybox', 'gnu-tar', 'podman', 'python3', 'umoci'], 'a file over 8 GiB', () => {
  const { signal } = new AbortController();
  let folder: string;
  let layer: string;

  beforeAll(async () => {
    // podman takes the path of a layout for the name of a repository, and refuses capitals in it.
    folder = join(tmpdir(), `huge-file-${randomUUID()}`);
    await mkdir(folder);
    layer = join(folder, 'layer.tar');
    await writeSparsely(layer, tarLayer(NAME, zeros(SIZE), 'standard'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('is a layer of mostly holes here, of the size that was known before the first byte', async () => {
    const { size, blocks } = await stat(layer);
    // Two headers, the file to the next full block, two blocks of zeros.
    expect(size).toBe(2 * 512 + 8 * 2 ** 30 + 512 + 1024);
    expect(blocks * 512).toBeLessThan(2 ** 20);
  });

  test.each<[PeerName, ...string[]]>([
    ['gnu-tar', '--numeric-owner', '-tvf'],
    ['busybox', 'tar', '-tvf'],
  ])('is listed by %s with its size', async (reader, ...words) => {
    const { stdout } = await runCommand(peerPath(reader), [...words, layer]);
    const listed = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+/));
    expect(listed.map(([mode, , size]) => [mode, size])).toEqual([
      ['drwxr-xr-x', '0'],
      ['-rw-r--r--', String(SIZE)],
    ]);
    expect(listed.map((words) => words.at(-1))).toEqual(['models/', NAME]);
  });

  test("is listed by Python's tarfile with its size", async () => {
    expect(await listTars([layer])).toEqual([
      { name: 'models', type: 'directory', mode: '0o755', owner: '0:0', size: 0 },
      { name: NAME, type: 'file', mode: '0o644', owner: '0:0', size: SIZE },
    ]);
  });

  // To unpack all of it takes either of them more than two minutes. That they go on reading where the layer was cut
  // off shows that they understand the size: a field they cannot read would be an error of its own, or no content.
  describePeers(['podman', 'umoci'], 'cut off behind its header', () => {
    let layout: string;

    beforeAll(async () => {
      layout = await layoutOf((await readAll(tarLayer(NAME, zeros(4096), 'standard'))).length);
    });

    test('is missed by umoci', async () => {
      const unpacked = unpackLayout(layout, join(folder, 'bundle'));
      await expect(unpacked).rejects.toThrow(/regular file: .*unexpected EOF/);
    });

    test('is missed by podman', async () => {
      const podman = await openPodman();
      try {
        const pulled = podman.pull(`oci:${layout}:copy`);
        await expect(pulled).rejects.toThrow('processing tar file(unexpected EOF)');
      } finally {
        await podman.close();
      }
    });

    /** An image of the first bytes of the layer. */
    async function layoutOf(length: number): Promise<string> {
      const target = layoutTarget(join(folder, 'layout'));
      await target.prepare(signal);
      const content = fromBytes(await firstBytes(tarLayer(NAME, zeros(SIZE), 'standard'), length));
      const { digest, size } = await target.pushBlob({ content, signal });
      const { config, manifest } = buildImage([{ mediaType: LAYER, digest, size }]);
      await target.pushBlob({ content: fromBytes(config.bytes), signal });
      await target.pushManifest(manifest, signal);
      await target.tagManifest(manifest, 'copy', signal);
      return join(folder, 'layout');
    }
  });
});

/** Leaves out what is zero: the file is as long as the source and takes next to no room. */
async function writeSparsely(path: string, source: ByteSource): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let position = 0;
    let nothing = Buffer.alloc(0);
    for await (const chunk of source.open()) {
      if (nothing.length < chunk.length) nothing = Buffer.alloc(chunk.length);
      if (!nothing.subarray(0, chunk.length).equals(chunk))
        await file.write(chunk, 0, chunk.length, position);
      position += chunk.length;
    }
    await file.truncate(position);
  } finally {
    await file.close();
  }
}

async function firstBytes(source: ByteSource, length: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of source.open()) {
    chunks.push(chunk);
    held += chunk.length;
    if (held >= length) break;
  }
  return Buffer.concat(chunks).subarray(0, length);
}
