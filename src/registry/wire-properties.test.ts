import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { anyText, asBody, jumble, latin1, oddJson as odd } from '../../test/support/arbitrary-text.ts';
import { isTag } from '../core/reference.ts';
import { readAccepted, readOpened, readStatus } from './upload/read-reply.ts';
import { parseProblems, parseTagsPage, parseTokenAnswer } from './wire.ts';

const text = fc.oneof(anyText(8), odd);

test('whatever a registry answers, problems are texts, and tags are tags', () => {
  const problem = fc.record(
    { code: text, message: text, detail: text, ['__proto__']: odd },
    { requiredKeys: [] },
  );
  const document = fc.record({
    errors: fc.oneof(fc.array(problem, { maxLength: 3 }), odd),
    tags: fc.oneof(fc.array(text, { maxLength: 4 }), odd),
  });
  fc.assert(
    fc.property(asBody(document), (body) => {
      for (const { code, message, detail } of parseProblems(body)) {
        expect([typeof code, typeof message, typeof detail]).toEqual(['string', 'string', 'string']);
      }
      for (const tag of parseTagsPage(body) ?? []) expect(isTag(tag)).toBe(true);
      expect(Object.keys(Object.prototype)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('whatever a token server answers, a token can be sent in a header and lives a second at least', () => {
  const life = fc.oneof(fc.nat(), fc.double(), odd);
  fc.assert(
    fc.property(
      asBody(fc.record({ token: text, access_token: text, expires_in: life }, { requiredKeys: [] })),
      (body) => {
        const parsed = parseTokenAnswer(body);
        if (parsed === undefined) return;
        expect(() => new Headers({ authorization: `Bearer ${parsed.token}` })).not.toThrow();
        expect(parsed.token).not.toMatch(/\s/);
        expect(Number.isFinite(parsed.expiresIn) && parsed.expiresIn >= 1).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test('whatever Range says, what a registry claims to have can be counted', async () => {
  const last = fc.oneof(
    fc.nat(200).map(String),
    fc.constantFrom('-1', '', '9007199254740993', '9999999999999999', '1e5', '9'.repeat(99)),
  );
  const range = fc.oneof(
    fc
      .tuple(fc.constantFrom('', 'bytes=', 'bytes ', 'BYTES='), fc.constantFrom('0', '5', ''), last)
      .map(([unit, first, end]) => `${unit}${first}-${end}`),
    jumble(['bytes', '=', '0', '-', '1', ' ', ','], 8),
    latin1(12),
  );
  const asked = {
    target: 'r.test/acme/llama',
    url: 'https://r.test/up',
    date: 0,
    offset: 10,
    end: 100,
    bodySize: 90,
    size: 100,
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(202, 204, 416), range, async (status, header) => {
      for (const read of [readAccepted, readStatus]) {
        const reply = await read(answer(status, { range: header }), asked);
        const counted = [reply.type === 'accepted' ? reply.claimed : 0, ('end' in reply && reply.end) || 0];
        for (const count of counted) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('whatever limits of a chunk a registry names, they are counts of bytes or ignored', async () => {
  const limit = fc.oneof(
    fc.integer().map(String),
    latin1(8),
    fc.constantFrom('1e9', '9'.repeat(30), '0', ' 5'),
  );
  await fc.assert(
    fc.asyncProperty(limit, limit, async (least, most) => {
      const headers = { location: '/up', 'oci-chunk-min-length': least, 'oci-chunk-max-length': most };
      const reply = await readOpened(answer(202, headers), {
        url: 'https://r.test/v2/',
        date: 0,
      });
      if (reply.type !== 'opened') return expect.fail(reply.type);
      for (const count of [reply.minChunk ?? 1, reply.maxChunk ?? 1])
        expect(Number.isSafeInteger(count) && count > 0).toBe(true);
    }),
    { numRuns: 300 },
  );
});
