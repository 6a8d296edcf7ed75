import { describe, expect, onTestFinished, test } from 'vitest';
import { obeysByteSourceLaws } from '../../test/laws/byte-source-laws.ts';
import { hexOf, someBytes } from '../../test/support/byte-sources.ts';
import { fromBytes } from '../core/bytes.ts';
import type { RunningHash } from '../core/running-hash.ts';
import { SMALL_LAYER } from '../core/small-layer.ts';
import { verified } from '../core/verified.ts';
import type { FileHashes } from './file-hashes.ts';

/** What was built: from source there is nothing that a thread could load. */
const built: typeof import('./file-hashes.ts') = await import(
  new URL('../../dist/threads/file-hashes.js', import.meta.url).href
);
const LARGE = 64 * 2 ** 20;
const TWO = { isSecure: false, processors: 2 };
const file = (hex = '', size = LARGE) => ({ size, oid: { algorithm: 'sha256', hex } as const });

function start(): FileHashes {
  const hashes = built.createFileHashes(TWO);
  onTestFinished(() => hashes.close());
  return hashes;
}

async function begin(hashes: FileHashes): Promise<RunningHash> {
  return (await hashes.of(file())) ?? expect.unreachable('no hash');
}

test.each([
  ['memory that is shared', new Uint8Array(new SharedArrayBuffer(300_000))],
  ['memory that is not', new Uint8Array(300_000)],
])('bytes in %s are hashed, and may be written over once they are taken', async (_, memory) => {
  const hash = await begin(start());
  const all = someBytes(3_000_000);
  for (let at = 0; at < all.length; at += memory.length) {
    memory.set(all.subarray(at, at + memory.length));
    hash.update(memory);
    await hash.taken();
    memory.fill(0);
  }
  expect(await hash.digest()).toBe(hexOf(all));
});

test('a file that was left in the middle leaves nothing behind for the next one', async () => {
  const hashes = start();
  const left = await begin(hashes);
  left.update(someBytes(1_000));
  await left.taken();
  const next = await begin(hashes);
  expect(() => left.update(someBytes(1))).toThrow('another hash was begun');
  next.update(someBytes(500));
  await next.taken();
  expect(await next.digest()).toBe(hexOf(someBytes(500)));
});

test('where the thread ends, whoever waits for it hears of it', async () => {
  const hashes = start();
  const hash = await begin(hashes);
  hash.update(new Uint8Array(new SharedArrayBuffer(200 * 2 ** 20)));
  const taken = hash.taken();
  await hashes.close();
  await expect(taken).rejects.toThrow('the thread for hashes ended');
  expect(await hashes.of(file())).toBeUndefined();
  expect(() => hash.update(someBytes(1))).toThrow('the thread for hashes ended');
});

test.each([
  ['on one processor', { isSecure: false, processors: 1 }, [file()]],
  ['on two that have TLS to do', { isSecure: true, processors: 2 }, [file()]],
  ['for so little', TWO, [file('', 1_000_000), file('', LARGE - 1_000_001)]],
  ['for small ones, of which several are under way', TWO, Array(300).fill(file('', SMALL_LAYER))],
  ['for a file that git hashes', TWO, [{ size: LARGE, oid: { algorithm: 'git-sha1', hex: '' } as const }]],
])('no thread is started %s', async (_, surroundings, files) => {
  const hashes = built.createFileHashes(surroundings);
  expect(await Promise.all(files.map((one) => hashes.of(one)))).toEqual(files.map(() => undefined));
});

describe('bytes that are verified by the thread', () => {
  const content = someBytes(100_000);
  obeysByteSourceLaws(() => {
    const expected = file(hexOf(content));
    const hash = start().of(expected);
    return { source: verified(fromBytes(content), { name: 'x', oid: expected.oid, hash }) };
  });
});
