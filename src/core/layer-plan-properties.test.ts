import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText, jumble } from '../../test/support/arbitrary-text.ts';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { unlessRefused } from '../../test/support/rejection.ts';
import { zeros } from './bytes.ts';
import { parseLayerPrefix, planLayers } from './layer-plan.ts';
import { tarLayer } from './tar-layer.ts';

const pieces = [
  'a',
  'b',
  'A',
  '.',
  '..',
  '/',
  '//',
  '\\',
  '\0',
  '\n',
  ' ',
  '~',
  'C:',
  '.wh.',
  '-',
  '\ud800',
  'é',
  '🦙',
];
const path = fc.oneof(jumble(pieces, 8), jumble(['a', 'b', '/'], 4), anyText(20));
const oid = { algorithm: 'git-sha1', hex: '0'.repeat(40) } as const;
const siblings = fc.array(
  fc.record({ path, size: fc.oneof(fc.nat(), fc.constantFrom(0, 8 ** 11, 2 ** 50)), oid: fc.constant(oid) }),
  { maxLength: 6 },
);
const options = fc.record({
  prefix: fc.constantFrom('', 'models/', 'a/b/'),
  tarLayout: fc.constantFrom('standard' as const, 'reference' as const),
});

test('whatever a listing names, a plan has each path once, below its folder and nowhere else', () => {
  fc.assert(
    fc.property(siblings, options, (some, plan) => {
      const layers = unlessRefused(() => planLayers(some, plan));
      if (layers === undefined) return;
      const paths = layers.map((layer) => layer.path);
      for (const one of paths) {
        expect(one).toBe(posix.normalize(one));
        expect(posix.resolve('/image', one).startsWith(`/image/${plan.prefix}`)).toBe(true);
        expect(one).not.toMatch(/(^|\/)\.wh\.|[\\\0]/);
      }
      expect(new Set(paths.map((one) => posix.resolve('/', one))).size).toBe(some.length);
      // Nothing is a file here and a folder there.
      for (const one of paths) expect(paths.some((other) => other.startsWith(`${one}/`))).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test('the size of a planned layer is a whole number of blocks, and the size of its tar', () => {
  fc.assert(
    fc.property(siblings, options, (some, plan) => {
      for (const layer of unlessRefused(() => planLayers(some, plan)) ?? []) {
        expect(Number.isSafeInteger(layer.size) && layer.size % 512 === 0).toBe(true);
        expect(layer.size).toBe(tarLayer(layer.path, zeros(layer.sibling.size), plan.tarLayout).size);
      }
    }),
    { numRuns: 60 },
  );
});

test('the order in which a listing names its files changes nothing', () => {
  const shuffled = siblings.chain((some) =>
    fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
  );
  fc.assert(
    fc.property(shuffled, options, ([some, others], plan) => {
      expect(unlessRefused(() => planLayers(others, plan))).toEqual(
        unlessRefused(() => planLayers(some, plan)),
      );
    }),
    { numRuns: 100 },
  );
});

test('the folder of the model is one below the root, or refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        path,
        path.map((folder) => `${folder}/`),
      ),
      (text) => {
        const prefix = unlessRefused(() => parseLayerPrefix(text));
        if (prefix) expect(`${posix.resolve('/', prefix)}/`).toBe(`/${prefix}`);
      },
    ),
    { numRuns: 200 },
  );
});

test('a listing of the deepest paths there are is planned in seconds', () => {
  const deep = Array.from({ length: 4_000 }, (_, index) => ({
    path: `${index}/${'d/'.repeat(98)}f`,
    size: 1,
    oid,
  }));
  const spent = cpuMs(() => {
    planLayers(deep, { prefix: 'models/', tarLayout: 'standard' });
  });
  expect(spent).toBeLessThan(5_000);
});
