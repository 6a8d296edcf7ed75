import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, jumble } from '../../test/support/arbitrary-text.ts';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { isDigest, parseDigest } from './digest.ts';
import { ModelcarError } from './error.ts';
import { formatModelId, isCommit, parseModelId, parseRevision } from './model.ts';
import {
  formatReference,
  isTag,
  parseImageReference,
  parseStoredReference,
  parseTag,
  parseTargetLocation,
} from './reference.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const pieces = [
  ...[
    'ghcr.io',
    'localhost',
    '127.0.0.1',
    '[::1]',
    '[::',
    '1.2.3.999',
    ':5000',
    ':99999',
    ':',
    '/',
    '//',
    'acme',
    'llama',
    'A',
    '-',
    '--',
    '_',
    '.',
  ],
  ...[
    '..',
    '@',
    `@${DIGEST}`,
    '@sha256:',
    'oci:',
    'http://',
    'https://',
    'docker://',
    'v1',
    ' ',
    '\0',
    '\n',
    '?',
    '#',
  ],
];
const text = fc.oneof(jumble(pieces, 8), anyText(30));

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(error).toMatchObject({ code: 'USAGE', hint: expect.any(String) });
    expect(error).toBeInstanceOf(ModelcarError);
    return undefined;
  }
}

describe('whatever is typed', () => {
  test('a reference is refused, or is read the same when it is written and read again', () => {
    fc.assert(
      fc.property(text, (typed) => {
        const read = unlessRefused(() => parseStoredReference(typed));
        if (read === undefined) return;
        const { location, name } = read;
        // The scheme is no part of a written reference.
        const scheme = location.kind === 'registry' ? `${location.registry.scheme}://` : '';
        expect(parseStoredReference(scheme + formatReference(location, name))).toEqual(read);
      }),
      { numRuns: 600 },
    );
  });

  test('a registry and a repository that are taken make URLs that lead to that registry', () => {
    fc.assert(
      fc.property(
        text,
        jumble(['a', 'b', '/', '.', '-', '_', '%2e', '?', '#', '@', '..'], 6),
        (host, repository) => {
          const location = unlessRefused(() => parseTargetLocation(host, repository));
          if (location?.kind !== 'registry') return;
          const { scheme, host: name } = location.registry;
          const base = `${scheme}://${name}`;
          const url = new URL(`${base}/v2/${location.repository}/blobs/uploads/`);
          expect(url.pathname).toBe(`/v2/${location.repository}/blobs/uploads/`);
          expect(url.username + url.password + url.search + url.hash).toBe('');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('what is taken for a target has no password in it, and no message repeats one', () => {
    fc.assert(
      fc.property(jumble(['a', '.', ':', '/', '-'], 5), jumble(['b', '.', ':', '/'], 5), (before, after) => {
        try {
          parseImageReference(`${before}:hunter2@${after}`);
          expect.fail('it was taken');
        } catch (error) {
          expect(error).toBeInstanceOf(ModelcarError);
          expect(String(error)).not.toContain('hunter2');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a tag, a digest, a commit, a model and a revision are safe in a URL or refused', () => {
    fc.assert(
      fc.property(text, (typed) => {
        const tag = unlessRefused(() => parseTag(typed));
        if (tag !== undefined) expect([isTag(tag), encodeURIComponent(tag)]).toEqual([true, tag]);
        const digest = unlessRefused(() => parseDigest(typed));
        if (digest !== undefined) expect(isDigest(digest)).toBe(true);
        if (isCommit(typed)) expect(encodeURIComponent(typed)).toBe(typed);
        const model = unlessRefused(() => parseModelId(typed));
        if (model !== undefined) {
          expect(parseModelId(formatModelId(model))).toEqual(model);
          expect(new URL(`https://hub.test/${model.name}`).pathname).toBe(`/${model.name}`);
        }
        const revision = unlessRefused(() => parseRevision(typed));
        if (revision !== undefined) expect(decodeURIComponent(encodeURIComponent(revision))).toBe(revision);
      }),
      { numRuns: 600 },
    );
  });
});

test.each(['a', 'a-', 'a/', 'a.b_c__d--', '-', '@sha256:', ':', '[', '1.'])(
  'a name of nothing but %j is read in no time',
  (piece) => {
    const long = piece.repeat(100_000 / piece.length);
    const spent = cpuMs(() => {
      for (const typed of [
        long,
        `r.test/${long}`,
        `r.test/a${long}!`,
        `${long}/a`,
        `r.test/a:${long}`,
        `oci:${long}`,
      ]) {
        unlessRefused(() => parseStoredReference(typed));
        unlessRefused(() => parseTargetLocation(typed, long));
      }
    });
    expect(spent).toBeLessThan(1_000);
  },
);
