import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { framingOf } from './body-framing.ts';

const CHUNKED = { status: 200, headers: { 'transfer-encoding': 'chunked' }, keepsAlive: true };

/** What a reader gets of a chunked body that arrives in these reads, and how many bytes the body took. */
function received(reads: readonly Uint8Array[]) {
  const framing = framingOf(CHUNKED);
  const parts: Buffer[] = [];
  let taken = 0;
  let code: string | undefined;
  try {
    for (const read of reads)
      taken += framing.take(Buffer.from(read), (part) => parts.push(Buffer.from(part)));
  } catch (error) {
    code = (error as NodeJS.ErrnoException).code;
  }
  return { body: Buffer.concat(parts), parts: parts.length, taken, code, isComplete: framing.isComplete };
}

/** The bytes cut into pieces of these lengths, repeated. */
function cut(bytes: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  const reads: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const end = at + (lengths[turn % lengths.length] ?? 1);
    reads.push(bytes.subarray(at, end));
    at = end;
  }
  return reads;
}

const BODIES = fc.array(
  fc.record({
    data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    zeros: fc.constantFrom('', '0', '000'),
    isUpper: fc.boolean(),
    rest: fc.constantFrom('', ' ', '\t', ';a', ';a=b', ' ; a="1;2"', ';'),
  }),
  { maxLength: 12 },
);
const TRAILERS = fc.array(fc.constantFrom('x-sum: 1', ' folded', '\tfolded', '0', 'no colon'), {
  maxLength: 3,
});
const READS = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });

test('a chunked body is the same however it is chunked, and however its bytes arrive', () => {
  fc.assert(
    fc.property(BODIES, TRAILERS, READS, (chunks, trailers, lengths) => {
      const wire = Buffer.concat([
        ...chunks.flatMap(({ data, zeros, isUpper, rest }) => {
          const hex = data.length.toString(16);
          const size = `${zeros}${isUpper ? hex.toUpperCase() : hex}${rest}\r\n`;
          return [Buffer.from(size), data, Buffer.from('\r\n')];
        }),
        Buffer.from(`0\r\n${trailers.map((line) => `${line}\r\n`).join('')}\r\n`),
      ]);
      const reads = cut(wire, lengths);
      const got = received([...reads, Buffer.from('HTTP/1.1')]);
      expect(got).toMatchObject({ code: undefined, isComplete: true, taken: wire.length });
      expect(got.body.equals(Buffer.concat(chunks.map(({ data }) => data)))).toBe(true);
      expect(got.parts).toBeLessThanOrEqual(reads.length);
    }),
  );
});

describe('a chunked body that breaks the rules fails with the code of Node’s own parser, wherever it is cut', () => {
  test.each<[what: string, wire: string, code: string, body: string]>([
    ['no size', '\r\n', 'HPE_INVALID_CHUNK_SIZE', ''],
    ['a size that is not hexadecimal', '3\r\nabc\r\nxyz\r\n', 'HPE_INVALID_CHUNK_SIZE', 'abc'],
    ['a size with a sign', '-3\r\nabc\r\n', 'HPE_INVALID_CHUNK_SIZE', ''],
    ['a size with a prefix', '0x3\r\nabc\r\n', 'HPE_INVALID_CHUNK_SIZE', ''],
    ['two sizes', '3 3\r\nabc\r\n', 'HPE_INVALID_CHUNK_SIZE', ''],
    ['a size that no number holds', `1${'0'.repeat(12)}\r\n`, 'HPE_INVALID_CHUNK_SIZE', ''],
    ['a size of thousands of digits', `${'0'.repeat(5_000)}1\r\na`, 'HPE_INVALID_CHUNK_SIZE', ''],
    ['an extension with a line break in it', '3;a\rb\r\nabc\r\n', 'HPE_INVALID_CHUNK_SIZE', ''],
    ['a line that ends without CR', '3\nabc\r\n', 'HPE_CR_EXPECTED', ''],
    ['an empty line without CR', '3\r\nabc\n', 'HPE_CR_EXPECTED', 'abc'],
    ['more bytes than a chunk says', '3\r\nabcd\r\n', 'HPE_STRICT', 'abc'],
    ['fewer bytes than a chunk says', '5\r\nabc\r\n0\r\n\r\n', 'HPE_STRICT', 'abc\r\n'],
    ['an extension without end', `3;${'x'.repeat(20_000)}`, 'HPE_CHUNK_EXTENSIONS_OVERFLOW', ''],
    ['trailers without end', `3\r\nabc\r\n0\r\n${'x: y\r\n'.repeat(5_000)}`, 'HPE_STRICT', 'abc'],
  ])('%s', (_, wire, code, body) => {
    const bytes = Buffer.from(wire);
    for (const length of [1, 2, 3, 7, 1_000, bytes.length]) {
      const got = received(cut(bytes, [length]));
      expect({ code: got.code, body: String(got.body), isComplete: got.isComplete }).toEqual({
        code,
        body,
        isComplete: false,
      });
    }
  });
});
