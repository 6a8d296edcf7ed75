import { expect, test } from 'vitest';
import { buildImage, layerDescriptor } from './image.ts';
import { LAYER } from './media-type.ts';

const CONFIG_LAYER = {
  digest: 'sha256:a827789476faf3c0815fe52dd2f234ae36cdd8b055540897d84d6caca72a60db',
  size: 10_240,
} as const;
const MODEL_LAYER = {
  digest: 'sha256:00623fb2f69f2c15149a868880b32703b794c5cbe934cc5b88ca901a205d6b2f',
  size: 20_480,
} as const;

test('without annotations the image is the one that version 0.4.1 of the Python tool pushes', () => {
  const image = buildImage([CONFIG_LAYER, MODEL_LAYER].map((blob) => ({ mediaType: LAYER, ...blob })));
  expect(image.config.descriptor).toMatchObject({
    size: 237,
    digest: 'sha256:3fb155231a5c37580f7ea66091051ee83d2dfcdb82ee9ff42e7c623369b0cca9',
  });
  expect(image.manifest.descriptor).toMatchObject({
    size: 549,
    digest: 'sha256:757813ce5aa3dd43b869a0a1fbe17c4c8b3d78ba02bf4fb0aff5af5d21f03288',
  });
});

test('with layer annotations it is the one that version 1.3.0 pushes', () => {
  const image = buildImage([
    layerDescriptor(
      { path: 'config.json', size: 22, oid: { algorithm: 'git-sha1', hex: '0'.repeat(40) } },
      CONFIG_LAYER,
    ),
    layerDescriptor(
      {
        path: 'model.safetensors',
        size: 10_240,
        oid: { algorithm: 'sha256', hex: 'e96760a87768717bcebcfd25ddc7d46b4dbc95a4b0014def080c08539f7d90d0' },
      },
      MODEL_LAYER,
    ),
  ]);
  expect(image.manifest.descriptor).toMatchObject({
    size: 798,
    digest: 'sha256:8a3b749e2cdb90acdac7f00320b90be1ac7444761f6e3f1e9488783a0dfd2f78',
  });
});

test('a manifest never carries an artifactType', () => {
  expect(JSON.parse(Buffer.from(buildImage([]).manifest.bytes).toString())).not.toHaveProperty(
    'artifactType',
  );
});

test('a name outside ASCII is written as Python writes it', () => {
  const image = buildImage([
    layerDescriptor({ path: 'é😀\u007f', size: 1, oid: { algorithm: 'git-sha1', hex: '' } }, CONFIG_LAYER),
  ]);
  expect(Buffer.from(image.manifest.bytes).toString()).toContain('"\\u00e9\\ud83d\\ude00\\u007f"');
});
