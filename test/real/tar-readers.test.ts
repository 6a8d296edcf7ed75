import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pushModel } from '../../src/index.ts';
import { startFakeHub, text } from '../fakes/hub/fake-hub.ts';
import { expectedTree, type FileTree, readFileTree } from './file-tree.ts';
import { describePeers, type PeerName, peerPath } from './peers.ts';
import { openPodman } from './podman.ts';
import { unpackLayout } from './read-back.ts';
import { layersOf, readTars } from './read-tar.ts';
import { runCommand } from './run-command.ts';

const NAMES = [
  'config.json',
  '1_Pooling/config.json',
  '.hidden/.gitattributes',
  '-rf',
  ' leading and trailing ',
  `it's "quoted" & (final), $HOME \`id\` [a-z]*?.txt`,
  'notes/#1 100%41+%2F~.md',
  'größe.md',
  'gro\u0308ße.md',
  '日本語/重み🦙.bin',
  // Over 100 bytes, with a slash where ustar can part them.
  `${'folder-'.repeat(12)}/${'file-'.repeat(18)}.bin`,
  `${'größe-'.repeat(12)}/${'maß-'.repeat(18)}.bin`,
  // No ustar header can hold these: only the PAX record in front of it has them whole.
  `${'no-slash-to-part-at-'.repeat(9)}.bin`,
  `${'x'.repeat(251)}.bin`,
  `${'ü'.repeat(125)}.json`,
  `${'deep-'.repeat(20)}/${'deeper-'.repeat(20)}/${'deepest-'.repeat(20)}/model.safetensors`,
];

const UMASK_077 = ['-c', 'umask 077 && exec "$@"', 'sh'];

const contentOf = (name: string) => `This is ${name}.\n`;

describePeers(['busybox', 'gnu-tar', 'podman', 'python3', 'umoci'], 'every reader gets every name', () => {
  let folder: string;
  let layout: string;
  let layers: readonly string[];

  beforeAll(async () => {
    // podman takes the path of a layout for the name of a repository, and refuses capitals in it.
    folder = join(tmpdir(), `tar-readers-${randomUUID()}`);
    await mkdir(folder);
    layout = join(folder, 'layout');
    const files = Object.fromEntries(NAMES.map((name) => [name, text(contentOf(name))]));
    const hub = await startFakeHub({ repos: [{ id: 'acme/names', files }] });
    try {
      const target = { kind: 'layout', folder: layout } as const;
      const hubAccess = { endpoint: hub.endpoint };
      const model = 'acme/names';
      await pushModel({ model, target, tag: 'copy', allowPatterns: ['*'], hub: hubAccess });
    } finally {
      await hub.close();
    }
    layers = await layersOf(layout);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Whatever the umask of who unpacks, the modes are to be those in the tar. */
  async function unpack(reader: PeerName, ...words: string[]): Promise<FileTree> {
    const root = join(folder, reader);
    await mkdir(root);
    for (const layer of layers) {
      await runCommand('sh', [...UMASK_077, peerPath(reader), ...words, '-xpf', layer, '-C', root]);
    }
    return readFileTree(root);
  }

  test('GNU tar unpacks names, modes, owner and content', async () => {
    expect(await unpack('gnu-tar')).toEqual(imageTree());
  });

  test('busybox unpacks names, modes, owner and content', async () => {
    expect(await unpack('busybox', 'tar')).toEqual(imageTree());
  });

  test("Python's tarfile reads names, modes, owner and content", async () => {
    const members = await readTars(layers);
    const tree = Object.fromEntries(
      members.map(({ name, mode, owner, sha256 }) => [
        name,
        { mode: mode.replace('0o', '0'), owner, ...(sha256 !== undefined && { sha256 }) },
      ]),
    );
    expect(tree).toEqual(imageTree('0:0'));
  });

  test('umoci unpacks names, modes, owner and content', async () => {
    const root = await unpackLayout(layout, join(folder, 'bundle'));
    expect(await readFileTree(root)).toEqual(imageTree());
  });

  test('podman mounts names, modes, owner and content', async () => {
    const podman = await openPodman();
    try {
      const root = await podman.mount(await podman.pull(`oci:${layout}:copy`));
      expect(await readFileTree(root)).toEqual(imageTree());
    } finally {
      await podman.close();
    }
  });
});

function imageTree(owner?: string): FileTree {
  const files = new Map(NAMES.map((name) => [`models/${name}`, Buffer.from(contentOf(name))]));
  const tree = expectedTree(files);
  if (owner === undefined) return tree;
  return Object.fromEntries(Object.entries(tree).map(([path, entry]) => [path, { ...entry, owner }]));
}
