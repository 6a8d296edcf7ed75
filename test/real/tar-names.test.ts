import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBytes } from '../../src/core/bytes.ts';
import { ModelcarError } from '../../src/core/error.ts';
import { planLayers } from '../../src/core/layer-plan.ts';
import { TAR_LAYOUTS, tarLayer } from '../../src/core/tar-layer.ts';
import { hexOf } from '../support/byte-sources.ts';
import { readAll } from '../support/read-all.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describePeers, peerPath } from './peers.ts';
import { readTars } from './read-tar.ts';
import { runCommand } from './run-command.ts';

/** Any characters but those that no file can have, in components of up to 255 bytes. */
const component = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0x7ff), fc.nat(0xffff), fc.constantFrom(0x20, 0x0a, 0x2f, 0x1f999)), {
    minLength: 1,
    maxLength: 70,
  })
  .map((codes) => String.fromCodePoint(...codes));
const names = fc
  .tuple(component, component, fc.nat(4))
  .map(([folder, file, depth]) => `${`${folder}/`.repeat(depth)}${file}`)
  .filter(isPlanned);

/** As many as it takes for every rule of the header to come up; the same ones at every run. */
const SAMPLES = fc.sample(names, { numRuns: 150, seed: 5 });

function isPlanned(path: string): boolean {
  const oid = { algorithm: 'git-sha1', hex: '' } as const;
  try {
    return planLayers([{ path, size: 0, oid }], { prefix: '', tarLayout: 'standard' }).length === 1;
  } catch (error) {
    if (error instanceof ModelcarError) return false;
    throw error;
  }
}

const contentOf = (path: string) => Buffer.from(`This is ${path}.\n`);

describePeers(['gnu-tar', 'python3'], 'whatever names a plan lets through', () => {
  test.each(TAR_LAYOUTS)(
    "are read by GNU tar and by Python's tarfile from layers of the %s layout",
    async (layout) => {
      const folder = await tempFolder();
      const root = join(folder, 'root');
      await mkdir(root);
      // Two of the samples may be the same, or a file here and a folder there.
      const paths = SAMPLES.map((path, index) => `${index}/${path}`);
      const layers = await Promise.all(
        paths.map((path) => readAll(tarLayer(path, fromBytes(contentOf(path)), layout))),
      );
      const archive = join(folder, 'layers.tar');
      await writeFile(archive, Buffer.concat(layers));

      await runCommand(peerPath('gnu-tar'), [
        '-xf',
        archive,
        '--ignore-zeros',
        '--no-same-owner',
        '-C',
        root,
      ]);
      for (const path of paths) expect((await readFile(join(root, path))).equals(contentOf(path))).toBe(true);

      const files = await Promise.all(
        layers.map(async (layer, index) => {
          const file = join(folder, `${index}.tar`);
          await writeFile(file, layer);
          return file;
        }),
      );
      const members = (await readTars(files)).filter(({ type }) => type === 'file');
      expect(members.map(({ name, sha256 }) => [name, sha256])).toEqual(
        paths.map((path) => [path, hexOf(contentOf(path))]),
      );
    },
  );
});
