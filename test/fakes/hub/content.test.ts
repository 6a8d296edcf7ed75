import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { concatSources, flippedSource, readAll, syntheticSource } from './byte-source.ts';
import { identify } from './content.ts';
import { bytes, disk, json, synthetic, text } from './fake-hub.ts';

const MIB = 2 ** 20;

test('synthetic bytes are the same however they are cut', () => {
  const source = syntheticSource(7, 3 * MIB + 123);
  const whole = Buffer.from(readAll(source));
  const pieces = [0, 1, MIB - 1, MIB, 2 * MIB + 5, source.size];
  const joined = pieces.slice(1).map((end, index) => readAll(source, pieces[index], end));
  expect(Buffer.concat(joined).equals(whole)).toBe(true);
  expect(whole.length).toBe(3 * MIB + 123);
});

test('no two blocks of a synthetic file are equal, wherever one looks', () => {
  const source = syntheticSource(7, 430e9);
  const samples = [0, 1, 2, 1000, 4096, 65_536, 400_000].map((block) =>
    createHash('sha256')
      .update(readAll(source, block * MIB, (block + 1) * MIB))
      .digest('hex'),
  );
  expect(new Set(samples).size).toBe(samples.length);
  const [first, second] = [readAll(source, 0, 4096), readAll(source, MIB, MIB + 4096)];
  const equal = first.filter((byte, index) => byte === second[index]).length;
  expect(equal).toBeLessThan(100);
});

test('another seed makes other bytes', () => {
  const [one, two] = [readAll(syntheticSource(1, 64)), readAll(syntheticSource(2, 64))];
  expect(Buffer.from(one).equals(two)).toBe(false);
});

test('synthetic bytes come faster than any link that carries them', () => {
  const size = 4 * 2 ** 30;
  const started = performance.now();
  let count = 0;
  for (const chunk of syntheticSource(1, size).read(0, size)) count += chunk.length;
  expect(count).toBe(size);
  expect(size / (performance.now() - started)).toBeGreaterThan(1e6);
});

test('a flipped byte differs in one bit and leaves the source alone', () => {
  const source = syntheticSource(3, 5000);
  const before = Buffer.from(readAll(source));
  const flipped = Buffer.from(readAll(flippedSource(source, 4321)));
  expect(flipped[4321]).toBe((before[4321] ?? 0) ^ 1);
  expect(flipped.subarray(0, 4321).equals(before.subarray(0, 4321))).toBe(true);
  expect(flipped.subarray(4322).equals(before.subarray(4322))).toBe(true);
  expect(Buffer.from(readAll(source)).equals(before)).toBe(true);
});

test('joined sources read across their seams', () => {
  const joined = concatSources(text('abc').source, text('').source, text('defg').source);
  expect(joined.size).toBe(7);
  expect(Buffer.from(readAll(joined, 2, 5)).toString()).toBe('cde');
});

test('a plain file is named by its git blob sha1', async () => {
  // `printf 'hello\n' | git hash-object --stdin`
  const identity = await identify(text('hello\n'));
  expect(identity).toEqual({ storage: 'git', size: 6, blobId: 'ce013625030ba8dba906f756967f9e9ca394464a' });
});

test('a file in LFS is named by its sha256, its pointer and a Xet hash that is not the sha256', async () => {
  const identity = await identify(text('hello\n', { lfs: true }));
  const sha256 = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize 6\n`;
  const blobId = createHash('sha1').update(`blob ${pointer.length}\0${pointer}`).digest('hex');
  expect(identity).toMatchObject({ storage: 'lfs', size: 6, sha256, pointer, blobId });
  expect(identity).toHaveProperty('xetHash', expect.stringMatching(/^[0-9a-f]{64}$/));
  expect(identity).not.toHaveProperty('xetHash', sha256);
});

test('a digest can be claimed for a file nobody will read', async () => {
  const huge = synthetic({ size: 430e9, sha256: 'claimed' });
  expect(await identify(huge)).toMatchObject({
    size: 430e9,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('content may be text, JSON, bytes, or a file of this machine, read again at any offset', () => {
  const here = disk(fileURLToPath(import.meta.url)).source;
  const start = Buffer.from(readAll(here, 0, 40)).toString();
  expect(start).toBe("import { createHash } from 'node:crypto'");
  expect(Buffer.from(readAll(here, 9, 19)).toString()).toBe(start.slice(9, 19));
  expect(readAll(here)).toHaveLength(here.size);
  expect(Buffer.from(readAll(json({ a: 1 }).source)).toString()).toBe('{\n  "a": 1\n}\n');
  expect(readAll(bytes(Uint8Array.of(1, 2, 3)).source, 1)).toEqual(Buffer.from([2, 3]));
});
