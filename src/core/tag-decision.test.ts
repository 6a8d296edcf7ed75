import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAll } from '../../test/support/read-all.ts';
import { fromBytes } from './bytes.ts';
import { type Descriptor, HF_PATH } from './descriptor.ts';
import { sha256 } from './digest.ts';
import { buildImage, layerDescriptor } from './image.ts';
import { planLayers } from './layer-plan.ts';
import { type ImageManifest, parseManifest } from './manifest.ts';
import { DOCKER_LAYER } from './media-type.ts';
import type { Sibling } from './model.ts';
import {
  compareImages,
  comparePaths,
  decideTag,
  type Likeness,
  type SameFiles,
  type StoredImage,
  type WantedImage,
} from './tag-decision.ts';
import { TAR_LAYOUTS, type TarLayout, tarLayer } from './tar-layer.ts';

const hash = (path: string) => sha256(Buffer.from(path)).slice('sha256:'.length);
const lfs = (path: string, hex = hash(path)): Sibling => ({
  path,
  size: 10_000,
  oid: { algorithm: 'sha256', hex },
});
const small = (path: string, size = 600): Sibling => ({
  path,
  size,
  oid: { algorithm: 'git-sha1', hex: '0'.repeat(40) },
});
const FILES = [small('config.json'), lfs('model.safetensors'), small('onnx/tokenizer.json')];

function wanted(files: readonly Sibling[] = FILES, prefix = 'models/', tarLayout: TarLayout = 'standard') {
  return { layers: planLayers(files, { prefix, tarLayout }), prefix, tarLayout };
}

/** The layers that a push of this has made. */
function layersOf({ layers }: WantedImage): readonly Descriptor[] {
  return layers.map(({ sibling, path, size }) =>
    layerDescriptor(sibling, { digest: sha256(Buffer.from(path)), size }),
  );
}

function imageOf(layers: readonly Descriptor[]): StoredImage {
  const { bytes, descriptor } = buildImage(layers).manifest;
  return { digest: descriptor.digest, document: parseManifest(bytes) };
}

const stored = (image: WantedImage): StoredImage => imageOf(layersOf(image));

function sameFiles(likeness: Likeness): SameFiles {
  return likeness.kind === 'same-files' ? likeness : expect.fail(likeness.why);
}

const why = (likeness: Likeness) => (likeness.kind === 'other-files' ? likeness.why : likeness.kind);

async function head({ layers, tarLayout }: WantedImage, file: string): Promise<Uint8Array> {
  const layer = layers.find(({ sibling }) => sibling.path === file);
  return readAll(tarLayer(layer?.path ?? expect.fail(), fromBytes(new Uint8Array(600)), tarLayout));
}

test('the image of an earlier identical push has the same files in our encoding', () => {
  expect(compareImages(stored(wanted()), wanted())).toMatchObject({ kind: 'same-files', encoding: 'ours' });
});

test.each<[what: string, change: (layers: readonly Descriptor[]) => readonly Descriptor[]]>([
  ['its layers are in another order', (layers) => layers.toReversed()],
  [
    'its layers have a size of no layout that we know',
    (layers) => layers.map((layer) => ({ ...layer, size: layer.size + 512 })),
  ],
  [
    'it has more annotations',
    (layers) => layers.map((layer) => ({ ...layer, annotations: { ...layer.annotations, more: '1' } })),
  ],
  [
    'it names no hashes',
    (layers) =>
      layers.map((layer) => ({ ...layer, annotations: { [HF_PATH]: layer.annotations?.[HF_PATH] ?? '' } })),
  ],
])('an image has the same files in another encoding when %s', (_, change) => {
  const image = imageOf(change(layersOf(wanted())));
  expect(compareImages(image, wanted())).toMatchObject({ kind: 'same-files', encoding: 'another' });
});

test.each<[files: readonly Sibling[], why: string]>([
  [FILES.slice(1), 'lacks "config.json"'],
  [FILES.slice(2), 'lacks "config.json" and 1 more'],
  [[...FILES, small('README.md')], 'has 1 more file'],
  [[...FILES, small('a'), small('b')], 'has 2 more files'],
  [
    [small('config.json'), lfs('model.safetensors', '1'.repeat(64)), small('onnx/tokenizer.json')],
    'has a different "model.safetensors"',
  ],
  [[small('config.json', 1), lfs('model.safetensors'), small('onnx/tokenizer.json')], 'same-files'],
  [[], 'lacks "config.json" and 2 more'],
])('%j at the tag %s', (files, expected) => {
  const image = files.length === 0 ? imageOf([]) : stored(wanted(files));
  expect(why(compareImages(image, wanted()))).toBe(expected);
});

test('a layer smaller than the file holds another file', () => {
  const layers = layersOf(wanted()).map((layer) => ({ ...layer, size: Math.min(layer.size, 9_999) }));
  expect(why(compareImages(imageOf(layers), wanted()))).toBe('has a different "model.safetensors"');
});

test('layer sizes tell the two tar layouts apart, also for files outside of folders', () => {
  for (const tarLayout of TAR_LAYOUTS) {
    for (const other of TAR_LAYOUTS.filter((layout) => layout !== tarLayout)) {
      const files = FILES.slice(0, 2);
      const likeness = compareImages(stored(wanted(files, '', other)), wanted(files, '', tarLayout));
      expect(why(likeness)).toBe(`has the tar layout ${other}`);
    }
  }
});

const reader = (manifest: Partial<ImageManifest>): StoredImage => {
  const image = stored(wanted());
  if (image.document?.kind !== 'manifest') return expect.fail();
  return { ...image, document: { ...image.document, ...manifest } };
};

test.each<[what: string, image: StoredImage]>([
  ['that cannot be read', { digest: sha256(Buffer.from('')), document: undefined }],
  [
    'of several platforms',
    { digest: sha256(Buffer.from('')), document: { kind: 'index', mediaType: undefined, manifests: [] } },
  ],
  [
    'whose layers name no files',
    reader({ layers: layersOf(wanted()).map(({ annotations: _, ...layer }) => layer) }),
  ],
  [
    'of layers that are no plain tar',
    reader({ layers: layersOf(wanted()).map((layer) => ({ ...layer, mediaType: DOCKER_LAYER })) }),
  ],
  ['that has a file twice', reader({ layers: [...layersOf(wanted()), ...layersOf(wanted())] })],
])('an image %s has other files for all we know', (_, image) => {
  expect(compareImages(image, wanted()).kind).toBe('other-files');
});

describe('the head of one layer', () => {
  test('belongs to a file in a folder, because it shows the layout, else to the smallest file', () => {
    const path = (files: readonly Sibling[]) =>
      sameFiles(compareImages(stored(wanted(files)), wanted(files))).witness.path;
    expect(path([small('a', 1), small('b/large', 500), small('b/c', 10), lfs('b/d')])).toBe('models/b/c');
    expect(path([lfs('a'), small('b', 1)])).toBe('models/b');
  });

  test.each(['model/', 'modelz/', '', 'models/v1/'])('tells the prefix %j from models/', async (prefix) => {
    const other = wanted(FILES, prefix);
    const { witness } = sameFiles(compareImages(stored(wanted()), wanted()));
    const likeness: SameFiles = { kind: 'same-files', encoding: 'ours', witness };
    expect(comparePaths(likeness, await head(wanted(), 'onnx/tokenizer.json'))).toBe(likeness);
    expect(why(comparePaths(likeness, await head(other, 'onnx/tokenizer.json')))).toContain('another folder');
  });

  test('counts as the same if the layer is lost, and as different if it is not a tar', () => {
    const likeness = sameFiles(compareImages(stored(wanted()), wanted()));
    expect(comparePaths(likeness, undefined)).toBe(likeness);
    expect(comparePaths(likeness, Buffer.alloc(2_000)).kind).toBe('other-files');
  });
});

test('two pushes of one commit make the same image only with the same files, prefix and layout', async () => {
  const subset = fc.subarray(['config.json', 'a.json', 'b/c.json', 'b/d.txt'], { minLength: 1 });
  const push = fc.record({
    files: subset,
    prefix: fc.constantFrom('', 'models/', 'modelx/', 'm/'),
    tarLayout: fc.constantFrom(...TAR_LAYOUTS),
  });
  await fc.assert(
    fc.asyncProperty(push, push, async (a, b) => {
      const images = [a, b].map(({ files, prefix, tarLayout }) =>
        wanted(
          files.map((path) => small(path)),
          prefix,
          tarLayout,
        ),
      );
      const [there, ours] = images as [WantedImage, WantedImage];
      const likeness = compareImages(stored(there), ours);
      const final =
        likeness.kind === 'other-files'
          ? likeness
          : comparePaths(likeness, await head(there, fileAt(likeness, ours)));
      const isSame =
        a.files.join() === b.files.join() && a.prefix === b.prefix && a.tarLayout === b.tarLayout;
      expect(final.kind).toBe(isSame ? 'same-files' : 'other-files');
    }),
  );
});

function fileAt({ witness }: SameFiles, { layers }: WantedImage): string {
  return layers.find(({ path }) => path === witness.path)?.sibling.path ?? expect.fail();
}

describe('a tag', () => {
  const same = sameFiles(compareImages(stored(wanted()), wanted()));
  const recoded: Likeness = { ...same, encoding: 'another' };
  const other: Likeness = { kind: 'other-files', why: 'lacks "a"' };

  test.each([
    ['default', same, false, 'stays'],
    ['default', recoded, false, 'moves'],
    ['default', other, false, 'lacks "a"'],
    ['default', other, true, 'moves'],
    ['chosen', same, false, 'may-move'],
    ['chosen', recoded, false, 'moves'],
    ['chosen', other, false, 'moves'],
  ] as const)(
    'that is %s, at an image that is %j, with moveTag %s: %s',
    (kind, likeness, moveTag, expected) => {
      const decision = decideTag(likeness, kind, moveTag);
      expect(decision.kind === 'goes' ? decision.outlook : decision.why).toBe(expected);
    },
  );
});
