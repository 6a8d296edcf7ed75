import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../../test/support/arbitrary-text.ts';
import { ModelcarError } from '../core/error.ts';
import { isCommit } from '../core/model.ts';
import { parseCommit, parseErrorMessage, parseTreePage } from './wire.ts';

const URL_ = 'https://hub.test/api/models/acme/llama';
const SHA1 = 'a'.repeat(40);
const SHA256 = 'b'.repeat(64);

/** Nearly right: each field may be what it should be, or anything else that JSON has. */
const odd = fc.oneof(
  fc.constantFrom(null, true, '', {}, [], -1, 0.5, 2 ** 53, 1e308, '__proto__'),
  fc.jsonValue({ maxDepth: 1 }),
);
const oid = fc.oneof(fc.constantFrom(SHA1, SHA256, `sha256:${SHA256}`, SHA1.toUpperCase(), `${SHA1}\n`), odd);
const size = fc.oneof(fc.nat(), odd);
const entry = fc.record(
  {
    type: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('file', 'directory') }, odd),
    path: fc.oneof({ weight: 5, arbitrary: anyText(8) }, odd),
    oid,
    size,
    lfs: fc.oneof(fc.record({ oid, sha256: oid, size }, { requiredKeys: [] }), odd),
    ['__proto__']: odd,
  },
  { requiredKeys: [] },
);

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(ModelcarError);
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.any(String) });
    return undefined;
  }
}

test('whatever a listing holds, a file has a path, and a size that can be counted and a hash that can be checked or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(entry, { maxLength: 3 }), odd), (page) => {
      for (const sibling of unlessRefused(() => parseTreePage(JSON.stringify(page), URL_)) ?? []) {
        expect(typeof sibling.path).toBe('string');
        const { size = 0, oid = { algorithm: 'sha256', hex: '0'.repeat(64) } } = sibling;
        expect(Number.isSafeInteger(size) && size >= 0 && size <= 2 ** 50).toBe(true);
        const length = oid.algorithm === 'sha256' ? 64 : 40;
        expect(oid.hex).toMatch(new RegExp(`^[0-9a-f]{${length}}$`));
        expect(oid.hex.length).toBe(length);
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('whatever the Hub answers, a commit is one, and a message is text', () => {
  const body = fc.oneof(
    fc
      .record({ sha: oid, error: odd, ['__proto__']: odd }, { requiredKeys: [] })
      .map((value) => JSON.stringify(value)),
    anyText(30),
  );
  fc.assert(
    fc.property(body, (text) => {
      const commit = unlessRefused(() => parseCommit(text, URL_));
      if (commit !== undefined) expect(isCommit(commit) && commit.length === 40).toBe(true);
      expect(['string', 'undefined']).toContain(typeof parseErrorMessage(text));
    }),
    { numRuns: 500 },
  );
});
