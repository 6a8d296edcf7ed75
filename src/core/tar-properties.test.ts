import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../test/support/arbitrary-text.ts';
import { readAll } from '../../test/support/read-all.ts';
import { readTarHeader } from '../../test/support/tar-entries.ts';
import { fromBytes, zeros } from './bytes.ts';
import { header, referenceHeader } from './tar-header.ts';
import { tarLayer } from './tar-layer.ts';

const component = fc
  .oneof(
    fc.stringMatching(/^[a-z. =\n-]{1,120}$/),
    anyText(60),
    fc.constantFrom('n'.repeat(99), 'n'.repeat(100), 'ü'.repeat(50)),
  )
  .map((text) => text.replace(/[/\0]/g, '').toWellFormed())
  .filter((text) => text !== '' && text !== '.' && text !== '..');
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((components) => components.join('/'));
const size = fc.oneof(
  fc.nat(),
  fc.constantFrom(0, 1, 511, 512, 513, 8 ** 11 - 1, 8 ** 11, 2 ** 50),
  fc.maxSafeNat().map((any) => any % 2 ** 50),
);

test('any path and any size is read back from its header', () => {
  fc.assert(
    fc.property(path, size, (name, bytes) => {
      expect(readTarHeader(header({ type: 'file', name, size: bytes }))).toEqual({
        type: 'file',
        name,
        size: bytes,
        mode: 0o644,
      });
      const folder = `${name}/`;
      expect(readTarHeader(header({ type: 'directory', name: folder, size: 0 }))).toEqual({
        type: 'directory',
        name: folder,
        size: 0,
        mode: 0o755,
      });
    }),
    { numRuns: 300 },
  );
});

test('a name of any length is read back: the length of a PAX record counts its own digits', () => {
  // Where the length of a record comes to have three digits, and four.
  const lengths = [70, 970].flatMap((from) => Array.from({ length: 50 }, (_, more) => from + more));
  for (const length of lengths) {
    const name = `ü${'n'.repeat(length)}`;
    expect(readTarHeader(header({ type: 'file', name, size: 0 })).name).toBe(name);
  }
});

test('any path and any size is read back from the header of the reference layout', () => {
  fc.assert(
    fc.property(path, size, (name, bytes) => {
      expect(readTarHeader(referenceHeader(name, bytes))).toEqual({
        type: 'file',
        name,
        size: bytes,
        mode: 0o644,
      });
    }),
    { numRuns: 300 },
  );
});

test('a layer has the size that it promised, whatever is in it, and is the same from any offset', async () => {
  const layout = fc.constantFrom('standard' as const, 'reference' as const);
  await fc.assert(
    fc.asyncProperty(
      path,
      fc.uint8Array({ maxLength: 600 }),
      layout,
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (name, content, kind, part) => {
        const layer = tarLayer(name, fromBytes(content), kind);
        const whole = await readAll(layer);
        expect(whole.length).toBe(layer.size);
        expect(whole.subarray(-1024).every((byte) => byte === 0)).toBe(true);
        const start = Math.floor(part * layer.size);
        expect((await readAll(layer, start)).equals(whole.subarray(start))).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

test('a layer of any size is a whole number of blocks that can be counted', () => {
  fc.assert(
    fc.property(path, size, (name, bytes) => {
      const layer = tarLayer(name, zeros(bytes), 'standard').size;
      expect(Number.isSafeInteger(layer) && layer % 512 === 0 && layer > bytes).toBe(true);
    }),
    { numRuns: 200 },
  );
});
