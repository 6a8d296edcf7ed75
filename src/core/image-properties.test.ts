import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../test/support/arbitrary-text.ts';
import { sha256 } from './digest.ts';
import { buildImage, layerDescriptor, layersThatFit } from './image.ts';
import { planLayers } from './layer-plan.ts';

const name = fc.oneof(anyText(30), fc.string({ maxLength: 300 }), fc.constantFrom('é', '😀', '"', '\u007f'));
const layer = fc.record({
  size: fc.oneof(fc.nat(), fc.constantFrom(0, 8 ** 11, 2 ** 50)),
  sibling: fc.record({
    path: name,
    size: fc.nat(),
    oid: fc.constantFrom(
      { algorithm: 'sha256', hex: 'a'.repeat(64) } as const,
      { algorithm: 'git-sha1', hex: 'b'.repeat(40) } as const,
    ),
  }),
});

test('the layers that are said to fit into a manifest are those that do, to the byte', () => {
  fc.assert(
    fc.property(fc.array(layer, { maxLength: 12 }), fc.nat({ max: 12 }), (layers, some) => {
      const descriptors = layers.map(({ sibling, size }, index) =>
        layerDescriptor(sibling, { digest: sha256(Buffer.from(String(index))), size }),
      );
      const count = Math.min(some, layers.length);
      const { config, manifest } = buildImage(descriptors.slice(0, count));
      expect(config.bytes.length).toBeLessThan(manifest.bytes.length);
      expect(layersThatFit(layers, manifest.bytes.length)).toBe(count);
      if (count > 0) expect(layersThatFit(layers, manifest.bytes.length - 1)).toBe(count - 1);
    }),
    { numRuns: 200 },
  );
});

test('a real plan is counted as it is built', () => {
  const oid = { algorithm: 'sha256', hex: 'a'.repeat(64) } as const;
  const siblings = Array.from({ length: 100 }, (_, index) => ({ path: `${index}/é.bin`, size: index, oid }));
  const layers = planLayers(siblings, { prefix: 'models/', tarLayout: 'standard' });
  const digest = sha256(Buffer.from(''));
  const { manifest } = buildImage(
    layers.map(({ sibling, size }) => layerDescriptor(sibling, { digest, size })),
  );
  expect(layersThatFit(layers, manifest.bytes.length)).toBe(100);
  expect(layersThatFit(layers, manifest.bytes.length - 1)).toBe(99);
});
