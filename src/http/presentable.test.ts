import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { anyText, jumble } from '../../test/support/arbitrary-text.ts';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { presentable, presentablePage, withStatus } from './presentable.ts';

/** What a server may say at most: `readText` gives no more of an error page. */
const LONG = 64 * 1024;

describe('what a server said', () => {
  test('is shown on one line of at most 300 characters', () => {
    fc.assert(
      fc.property(anyText(600), (said) => {
        const shown = presentable(said, answer(400));
        expect(shown).not.toMatch(/[\r\n\t\u2028]/);
        expect(shown.length).toBeLessThanOrEqual(301);
      }),
      { numRuns: 20 },
    );
  });

  test.each(['Signature', 'Policy', 'Key-Pair-Id', 'X-Amz-Signature', '_state'])(
    'never shows the value of %s, wherever in a long text it stands',
    (name) => {
      const around = jumble(['a', ' ', '&', '?', '\n', 'é'], 6000);
      fc.assert(
        fc.property(around, around, (before, after) => {
          expect(presentable(`${before} ${name}=qqq&b ${after}`, answer(400))).not.toContain('q');
          expect(presentable(`${before} https://cdn.test/a?b=qqq ${after}`, answer(400))).not.toContain('q');
        }),
        { numRuns: 30 },
      );
    },
  );

  test.each(['http://', 'X-Amz-', 'Signature=', '<', '<style', '<style>', '</style', '<script><', ' '])(
    'is read in no time when it is nothing but %j',
    (piece) => {
      const spent = cpuMs(() => {
        presentablePage(piece.repeat(LONG / piece.length), answer(400));
        presentable(piece.repeat(LONG / piece.length), answer(400));
      });
      expect(spent).toBeLessThan(1_000);
    },
  );
});

test.each([
  ['<html><head><style>a{}</style><title>413</title></head><body>too large</body>', '413 too large'],
  ['<STYLE>a{}</STYLE>one<script>x < y</script >two', 'one'],
  ['<style>a{}</style>one<script>x<y</script>two', 'one two'],
  ['never closed <style> a{}', 'never closed'],
  ['3 < 4 and <b>bold</b>', '3 < 4 and bold'],
  [
    '<html><head><title>413 Request Entity Too Large</title></head><body><h1>413 Request Entity Too Large</h1>nginx',
    '413 Request Entity Too Large nginx',
  ],
])('of the page %j a person reads %j', (page, words) => {
  expect(presentablePage(page, answer(400))).toBe(words);
});

describe('the words of a refusal stay', () => {
  test.each([
    'DENIED: requested access to the resource is denied',
    'Basic authentication is required',
    'the Bearer token has expired',
    'blob unknown to registry: sha256:0123456789abcdef',
    'What now? Ask your administrator.',
    'see https://docs.test/uploads/',
  ])('%s', (said) => {
    expect(presentable(said, answer(403))).toBe(said);
  });
});

test.each([
  ['Authorization: Basic YTpi was refused', 'Authorization: Basic … was refused'],
  ['no Bearer%20abcdef here', 'no Bearer … here'],
  ['PATCH /v2/a/blobs/uploads/8845-bb?_state=x failed', 'PATCH /v2/a/blobs/uploads/…?… failed'],
  [
    'to /artifacts-uploads/namespaces/a/uploads/x: gone',
    'to /artifacts-uploads/namespaces/a/uploads/…: gone',
  ],
  ['no ftp://ada:word@a.test/x', 'no ftp://…@a.test/x'],
])('a secret that is not ours is known by its form: %s', (said, shown) => {
  expect(presentable(said, answer(403))).toBe(shown);
});

const NGINX_404 =
  '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n';
const NGINX_400 =
  '<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>';

test.each([
  [404, '404 page not found\n', '404 page not found'],
  [404, '404', '404'],
  [404, NGINX_404, '404 Not Found nginx/1.22.1'],
  [400, NGINX_400, '400 The plain HTTP request was sent to HTTPS port 400 Bad Request'],
  [502, '<html><body><h1>502 Bad Gateway</h1></body></html>', '502 Bad Gateway'],
  [502, 'error code: 502', '502 error code'],
  [503, '<title>503</title>', '503'],
])('a message begins with the status once: %i and the page %j', (status, page, shown) => {
  expect(withStatus(status, presentablePage(page, answer(status)))).toBe(shown);
});

test.each([
  [400, '400 The plain HTTP request', '400 The plain HTTP request'],
  [404, '404: page not found', '404 page not found'],
  [404, '404', '404'],
  [404, '', '404'],
  [500, 'no disk', '500 no disk'],
  [400, '4000 files', '400 4000 files'],
])('a status appears once: %i and %j', (status, said, shown) => {
  expect(withStatus(status, said)).toBe(shown);
});
