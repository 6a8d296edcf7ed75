import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelcarError } from '../core/error.ts';
import { formatState, parseState, type StateDocument } from './state-document.ts';

const PATH = '/home/ci/state.json';

const time = fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): `sha256:${string}` => `sha256:${hex}`);
const size = fc.maxSafeNat();
const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'prototype', 'constructor', 'toString'),
);
const layer = fc.record({ oid: fc.string(), digest, size, pushedAt: time });
const owner = fc.record(
  { host: fc.string(), pid: fc.integer({ min: 1 }), started: fc.string() },
  { requiredKeys: ['host', 'pid'] },
);
const session = fc.record(
  {
    oid: fc.string(),
    location: fc.webUrl({ withQueryParameters: true }),
    offset: size,
    chunkSize: fc.integer({ min: 1 }),
    openedAt: time,
    owner,
  },
  { requiredKeys: ['oid', 'location', 'offset', 'openedAt'] },
);
const few = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<ReadonlyMap<string, Value>> =>
  fc.array(fc.tuple(name, value), { maxLength: 3 }).map((entries) => new Map(entries));
const job = fc.record(
  {
    ...{ endpoint: fc.string(), model: fc.string(), commit: fc.string(), target: fc.string() },
    ...{ startedAt: time, updatedAt: time },
    ...{ manifestDigest: digest, tags: fc.array(fc.string(), { maxLength: 2 }) },
    layers: few(layer),
    sessions: few(session),
  },
  { requiredKeys: ['endpoint', 'model', 'commit', 'target', 'startedAt', 'updatedAt', 'layers'] },
);
const state: fc.Arbitrary<StateDocument> = fc.record({
  version: fc.constant(2 as const),
  jobs: few(job),
});

test('what is written is what is read', () => {
  fc.assert(
    fc.property(state, (given) => {
      expect(parseState(formatState(given), PATH)).toEqual(given);
    }),
  );
});

test("a file of ours that was cut short anywhere is torn, and never taken for somebody else's", () => {
  fc.assert(
    fc.property(state, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
      const text = formatState(given);
      const cut = text.slice(0, Math.floor(share * (text.length - 2)));
      expect(parseState(cut, PATH)).toBe('torn');
    }),
  );
});

test('without its last line break a file of ours is whole', () => {
  fc.assert(
    fc.property(state, (given) => {
      expect(parseState(formatState(given).trimEnd(), PATH)).toEqual(given);
    }),
  );
});

test('zeros at the end cost nothing where they only follow, and never stop a push', () => {
  fc.assert(
    fc.property(state, fc.nat({ max: 9000 }), fc.boolean(), (given, zeros, follow) => {
      const text = formatState(given);
      const tail = '\0'.repeat(zeros);
      if (follow) expect(parseState(text + tail, PATH)).toEqual(given);
      const overwritten = text.slice(0, Math.max(0, text.length - zeros)) + tail.slice(0, text.length);
      expect(['torn', given]).toContainEqual(parseState(overwritten, PATH));
    }),
  );
});

test('a hole of zeros in the middle of a file of ours is torn', () => {
  const text = formatState({ version: 2, jobs: new Map() }).replace('{}', '{"0123": {}}');
  const inside = text.indexOf('0123');
  expect(parseState(`${text.slice(0, inside)}\0\0${text.slice(inside + 2)}`, PATH)).toBe('torn');
});

/** What a parser may do with a file of anybody: read it, or refuse it in our words. */
function judged(text: string): StateDocument | 'torn' | 'refused' {
  try {
    return parseState(text, PATH);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelcarError);
    expect(error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('--state-file') });
    return 'refused';
  }
}

test('any text at all is read or refused, and only what begins as ours does is torn', () => {
  const pieces = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constant('{\n  "version": 2,\n  "jobs": {'),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 4 }), (parts) => {
      const text = parts.join('');
      const ours = text.replace(/\0+$/, '');
      const begins = '{\n  "version": 2,\n  "jobs": {';
      if (judged(text) === 'torn') expect(ours.startsWith(begins) || begins.startsWith(ours)).toBe(true);
    }),
  );
});

test('JSON of another shape or version is refused, however much it looks like ours', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer(), (value, version) => {
      expect(judged(JSON.stringify(value, undefined, 2))).toBe('refused');
      if (version !== 2) expect(judged(JSON.stringify({ version, jobs: {} }, undefined, 2))).toBe('refused');
    }),
  );
  expect(judged('{\n  "version": 2,\n  "jobs": {\n    "x": 1\n  }\n}\n')).toBe('refused');
});

test.each([
  ['nested a million deep', () => '['.repeat(1_000_000)],
  ['nested a million deep inside ours', () => `{\n  "version": 2,\n  "jobs": {"x": ${'['.repeat(1_000_000)}`],
  ['of 50 MB in one string', () => JSON.stringify('x'.repeat(50_000_000))],
  ['of 50 MB of zeros and one byte', () => `${'\0'.repeat(50_000_000)}x`],
])('a file %s is judged within seconds', (_, text) => {
  const start = performance.now();
  expect(['torn', 'refused']).toContain(judged(text()));
  expect(performance.now() - start).toBeLessThan(10_000);
});

test.each([
  ['__proto__', '{"version":2,"jobs":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}'],
  ['constructor', '{"version":2,"jobs":{"constructor":{"prototype":{"polluted":1}}}}'],
])('a key %s reaches no object but its own', (_, text) => {
  judged(text);
  expect(Object.hasOwn(Object.prototype, 'polluted') || 'polluted' in {}).toBe(false);
});

test.each(['1e400', '9007199254740993', '-1', '0.5', '"7"', 'null'])('a size of %s is refused', (number) => {
  const record = { oid: 'sha256:1', digest: `sha256:${'a'.repeat(64)}`, size: 'SIZE', pushedAt: 'now' };
  const about = { endpoint: '', model: '', commit: '', target: '', startedAt: '', updatedAt: '' };
  const text = JSON.stringify({ version: 2, jobs: { x: { ...about, layers: { a: record } } } });
  expect(judged(text.replace('"SIZE"', '7'))).toMatchObject({ version: 2 });
  expect(judged(text.replace('"SIZE"', number))).toBe('refused');
});
