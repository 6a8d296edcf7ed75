import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import { latin1 } from '../../../test/support/arbitrary-text.ts';
import { unlessRefused } from '../../../test/support/rejection.ts';
import { ModelcarError } from '../../core/error.ts';
import { createAddressGuard } from '../../http/node-address-guard.ts';
import { originOf } from '../../http/origin.ts';
import { redirectTarget } from '../../http/redirect.ts';
import { parseTarget } from '../../http/request-target.ts';
import { resolveLocation, withDigest } from './location.ts';

const BASE = 'https://registry.test/v2/acme/llama/blobs/uploads/';
const DIGEST = `sha256:${'ab'.repeat(32)}` as const;

/** What URLs are made of, and what parsers fall over, in any order. Latin-1, as Node reads headers. */
const piece = fc.constantFrom(
  ...[
    'http:',
    'https:',
    'HTTP:',
    'ftp:',
    'file:',
    'javascript:',
    '//',
    '/',
    '\\',
    '\\\\',
    ':',
    '@',
    '?',
    '#',
    '[',
  ],
  ...[
    ']',
    'registry.test',
    'evil.test',
    '127.0.0.1',
    '169.254.169.254',
    '0x7f.1',
    '[::1]',
    'localhost',
    'user:word',
  ],
  ...[
    '/v2/up',
    '_state=a%2B',
    '..',
    '%',
    '%00',
    '&',
    ' ',
    '\t',
    '\u00e9',
    '\u00ff',
    ':443',
    ':99999',
    '.',
    '*',
  ],
);
const location = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  latin1(40),
);

describe('whatever a server writes as Location', () => {
  test('an upload stays on TLS and away from private addresses', async () => {
    await fc.assert(
      fc.asyncProperty(location, async (written) => {
        const url = unlessRefused(() => resolveLocation(BASE, written, answer(202)));
        if (url === undefined) return;
        const { protocol, hostname } = new URL(url);
        expect(protocol).toBe('https:');
        const guard = createAddressGuard(originOf(BASE), {
          lookup: (_, __, found) => found(null, [{ address: '93.184.216.34', family: 4 }]),
        });
        const isAsked = await guard.check(url).then(
          () => true,
          () => false,
        );
        if (isAsked) expect(hostname).not.toMatch(/^(127|169)(\.\d+){3}$|(^|\.)localhost\.?$|^\[/);
      }),
      { numRuns: 300 },
    );
  });

  test('what is connected to is the origin that was checked', () => {
    fc.assert(
      fc.property(location, (written) => {
        const url = unlessRefused(() => resolveLocation(BASE, written, answer(202)));
        if (url === undefined) return;
        const { protocol, host, port, path } = parseTarget(url, answer(202));
        const name = host.includes(':') ? `[${host}]` : host;
        expect(originOf(`${protocol}//${name}${port && ':'}${port}`)).toBe(originOf(url));
        expect(path).toMatch(/^\/[\x21-\x7e]*$/);
      }),
      { numRuns: 300 },
    );
  });

  test('the digest that commits comes through to the wire', () => {
    fc.assert(
      fc.property(location, (written) => {
        const url = unlessRefused(() => resolveLocation(BASE, written, answer(202)));
        if (url === undefined) return;
        // What is no URL with a digest behind it is refused when it is asked.
        const target = unlessRefused(() => parseTarget(withDigest(url, DIGEST), answer(202)));
        if (target !== undefined) expect(target.path).toMatch(/[?&]digest=sha256%3A(ab){32}$/);
      }),
      { numRuns: 300 },
    );
  });

  test('resolving what was resolved changes nothing', () => {
    fc.assert(
      fc.property(location, (written) => {
        const url = unlessRefused(() => resolveLocation(BASE, written, answer(202)));
        if (url !== undefined) expect(resolveLocation(url, url, answer(202))).toBe(url);
      }),
      { numRuns: 300 },
    );
  });

  test('a redirect is followed to https alone, or refused without a password in the message', () => {
    fc.assert(
      fc.property(location, (written) => {
        try {
          expect(new URL(redirectTarget(BASE, written, answer(307))).protocol).toBe('https:');
        } catch (error) {
          expect(error).toBeInstanceOf(ModelcarError);
          if (/\/\/user:word@registry\.test/.test(written))
            expect(String(error)).not.toContain('user:word@reg');
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('a URL of any characters is sent as HTTP can carry it, or refused', () => {
  fc.assert(
    fc.property(latin1(60), fc.constantFrom('\ud800', '\u20ac', ''), (path, odd) => {
      const target = unlessRefused(() => parseTarget(`http://r.test/${odd}${path}`, answer(202)));
      if (target !== undefined) expect(target.path).toMatch(/^\/[\x21-\x7e]*$/);
    }),
    { numRuns: 300 },
  );
});
