import { describe, expect, test } from 'vitest';
import { obeysByteSourceLaws } from '../../test/laws/byte-source-laws.ts';
import { readAll } from '../../test/support/read-all.ts';
import { type ByteSource, concat, fromBytes, readFirst, readWhole, zeros } from './bytes.ts';
import { sha256 } from './digest.ts';
import { tarLayer } from './tar-layer.ts';
import { verified } from './verified.ts';

const CONTENT = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7) % 251));
const OID = { algorithm: 'sha256', hex: sha256(CONTENT).slice('sha256:'.length) } as const;

/** Bytes in small chunks, as a network brings them. */
function inChunks(bytes: Uint8Array, size: number): ByteSource {
  return {
    size: bytes.length,
    async *open({ start = 0, signal } = {}) {
      for (let at = start; at < bytes.length; at += size) {
        signal?.throwIfAborted();
        yield bytes.subarray(at, at + size);
      }
    },
  };
}

describe('bytes in memory', () => obeysByteSourceLaws(() => ({ source: fromBytes(CONTENT) })));
describe('zeros', () => obeysByteSourceLaws(() => ({ source: zeros(200_000) })));
describe('a concatenation', () =>
  obeysByteSourceLaws(() => ({
    source: concat(fromBytes(CONTENT), fromBytes(new Uint8Array()), inChunks(CONTENT, 7), zeros(3)),
  })));
describe('verified bytes', () =>
  obeysByteSourceLaws(() => ({ source: verified(inChunks(CONTENT, 64), { name: 'model', oid: OID }) })));
describe('a tar layer', () =>
  obeysByteSourceLaws(() => ({ source: tarLayer('models/a/b', inChunks(CONTENT, 64), 'standard') })));

test('a concatenation never opens a part that lies before the start', async () => {
  const unreadable: ByteSource = {
    size: 10,
    open() {
      throw new Error('opened');
    },
  };
  expect((await readAll(concat(unreadable, fromBytes(CONTENT)), 10)).equals(CONTENT)).toBe(true);
});

describe('verified bytes fail before the iteration ends', () => {
  const flipped = Buffer.from(CONTENT);
  flipped.writeUInt8((flipped.at(1234) ?? 0) ^ 1, 1234);

  test('when a bit is flipped, naming file, expected and got', async () => {
    const got = sha256(flipped).slice('sha256:'.length);
    await expect(
      readAll(verified(inChunks(flipped, 64), { name: 'a.safetensors', oid: OID })),
    ).rejects.toMatchObject({
      code: 'CONTENT_MISMATCH',
      message: `a.safetensors from the Hub is not what the Hub promised: expected sha256 ${OID.hex}, got ${got}`,
    });
  });

  test('when the bit lies before the offset at which it is opened first', async () => {
    await expect(
      readAll(verified(inChunks(flipped, 64), { name: 'a.safetensors', oid: OID }), 4000),
    ).rejects.toMatchObject({ code: 'CONTENT_MISMATCH' });
  });

  test('however a reader stops in it and goes on', async () => {
    for (const cut of [1, 1234, 1235, 4992, 4999, 5000]) {
      const source = verified(inChunks(flipped, 64), { name: 'x', oid: OID });
      await expect(async () => {
        let seen = 0;
        for await (const chunk of source.open()) {
          seen += chunk.length;
          if (seen >= cut) break;
        }
        // As a tar layer would: a part that was read to its end is not opened again.
        await readAll(concat(source, zeros(512)), Math.min(seen, 5000));
      }).rejects.toMatchObject({ code: 'CONTENT_MISMATCH' });
    }
  });

  test('when there is nothing where there should be something', () => {
    expect(() => verified(fromBytes(new Uint8Array()), { name: 'x', oid: OID })).toThrow(/expected sha256/);
  });

  test.each([
    ['too few bytes', CONTENT.subarray(0, 4999), 'expected 5000 bytes, got 4999'],
    ['too many bytes', Buffer.concat([CONTENT, CONTENT]), 'expected 5000 bytes, got more'],
  ])('when there are %s', async (_, bytes, message) => {
    const source: ByteSource = { size: 5000, open: (options) => inChunks(bytes, 64).open(options) };
    await expect(readAll(verified(source, { name: 'x', oid: OID }))).rejects.toThrow(message);
  });

  test('by the git blob sha1 where that is what the Hub gives', async () => {
    // git hash-object over "hello\n"
    const oid = { algorithm: 'git-sha1', hex: 'ce013625030ba8dba906f756967f9e9ca394464a' } as const;
    const hello = Buffer.from('hello\n');
    expect((await readAll(verified(fromBytes(hello), { name: 'x', oid }))).equals(hello)).toBe(true);
    await expect(
      readAll(verified(fromBytes(Buffer.from('hellO\n')), { name: 'x', oid })),
    ).rejects.toMatchObject({
      code: 'CONTENT_MISMATCH',
    });
  });
});

describe('a source that is read whole', () => {
  const { signal } = new AbortController();

  test('is all there, also where each chunk lies where the one before it lay', async () => {
    const memory = Buffer.alloc(700);
    const again: ByteSource = {
      size: CONTENT.length,
      async *open() {
        for (let at = 0; at < CONTENT.length; at += memory.length) {
          yield memory.subarray(0, CONTENT.copy(memory, 0, at));
        }
      },
    };
    expect(CONTENT.equals(await readWhole(again, signal))).toBe(true);
  });

  test('and ends too soon is not', async () => {
    const short = { ...fromBytes(CONTENT), size: CONTENT.length + 1 };
    await expect(readWhole(short, signal)).rejects.toThrow('ended at byte 5000 of 5001');
  });
});

describe('the first bytes of a source', () => {
  const { signal } = new AbortController();
  const first = (source: ByteSource, count: number) => readFirst(source, count, signal);

  test.each([1, 63, 64, 65])(
    'are read over as many chunks as it takes, and no more of them: %i',
    async (count) => {
      let given = 0;
      const source: ByteSource = {
        size: CONTENT.length,
        async *open() {
          for await (const chunk of inChunks(CONTENT, 16).open()) {
            given += chunk.length;
            yield chunk;
          }
        },
      };
      expect(Buffer.from(await first(source, count))).toEqual(CONTENT.subarray(0, count));
      expect(given).toBe(16 * Math.ceil(count / 16));
    },
  );

  test('are all bytes of a shorter source', async () => {
    expect(await first(fromBytes(Uint8Array.of(1, 2)), 64)).toEqual(Uint8Array.of(1, 2));
    expect(await first(fromBytes(new Uint8Array()), 64)).toEqual(new Uint8Array());
  });

  test('are never fewer than the source has promised', async () => {
    await expect(first({ ...fromBytes(Uint8Array.of(1, 2)), size: 5 }, 4)).rejects.toThrow(
      'the source ended at byte 2 of 4',
    );
  });
});
