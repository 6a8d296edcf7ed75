import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import { resolveLocation, withDigest } from './location.ts';

const SESSION = '/v2/acme/llama/blobs/uploads/5d5f';
const BASE = 'https://registry.test/v2/acme/llama/blobs/uploads/';

describe('the Location of an upload', () => {
  test.each<[who: string, base: string, location: string, url: string]>([
    ['distribution: absolute', BASE, `https://registry.test${SESSION}`, `https://registry.test${SESSION}`],
    ['zot, olareg: relative', BASE, SESSION, `https://registry.test${SESSION}`],
    [
      'distribution: the state in the query, character by character',
      BASE,
      `https://registry.test${SESSION}?_state=a-_%2BZ=&x=%7e+1`,
      `https://registry.test${SESSION}?_state=a-_%2BZ=&x=%7e+1`,
    ],
    [
      'olareg: relative with a state',
      BASE,
      `${SESSION}?state=e30%3D`,
      `https://registry.test${SESSION}?state=e30%3D`,
    ],
    [
      'Artifact Registry: another path of the same host',
      BASE,
      '/artifacts-uploads/namespaces/acme/repositories/llama/uploads/AF_',
      'https://registry.test/artifacts-uploads/namespaces/acme/repositories/llama/uploads/AF_',
    ],
    [
      'a registry that knows its host and no scheme',
      BASE,
      `registry.test${SESSION}`,
      `https://registry.test${SESSION}`,
    ],
    [
      'the same with a port',
      'http://localhost:5000/v2/a/blobs/uploads/',
      `localhost:5000${SESSION}?_state=x`,
      `http://localhost:5000${SESSION}?_state=x`,
    ],
    [
      'without a scheme but with slashes',
      BASE,
      `//registry.test${SESSION}`,
      `https://registry.test${SESSION}`,
    ],
    [
      'a proxy that ends TLS and does not say so: TLS is kept',
      BASE,
      `http://registry.test${SESSION}?_state=x`,
      `https://registry.test${SESSION}?_state=x`,
    ],
    [
      'the same, and its port inside',
      'https://registry.test:8443/v2/a/blobs/uploads/',
      `http://registry.test:5000${SESSION}`,
      `https://registry.test:8443${SESSION}`,
    ],
    [
      'the same, with only a state behind the host',
      BASE,
      'http://registry.test?_state=x',
      'https://registry.test?_state=x',
    ],
    ['the same, shouting', BASE, `HTTP://registry.test${SESSION}`, `https://registry.test${SESSION}`],
    [
      'the default port spelt out',
      BASE,
      `https://registry.test:443${SESSION}`,
      `https://registry.test:443${SESSION}`,
    ],
    [
      'the default port left out',
      'https://registry.test:443/v2/a/blobs/uploads/',
      `https://registry.test${SESSION}`,
      `https://registry.test${SESSION}`,
    ],
    [
      'a fragment, which would swallow the digest',
      BASE,
      `https://registry.test${SESSION}?_state=x#y`,
      `https://registry.test${SESSION}?_state=x`,
    ],
    ['storage at another host', BASE, 'https://storage.test/up?sig=a%2b', 'https://storage.test/up?sig=a%2b'],
    ['from http to https', 'http://10.0.0.5:5000/v2/', 'https://storage.test/up', 'https://storage.test/up'],
    [
      'from one private address to another',
      'http://10.0.0.5:5000/v2/',
      'http://10.0.0.6/up',
      'http://10.0.0.6/up',
    ],
  ])('%s', (_, base, location, url) => {
    expect(resolveLocation(base, location, answer(202))).toBe(url);
  });

  test.each<[what: string, base: string, location: string, reason: string]>([
    ['another host without TLS', BASE, 'http://storage.test/up?sig=secret', 'it leaves TLS'],
    ['another scheme', BASE, 'ftp://registry.test/up?sig=secret', 'it leaves HTTP'],
    ['a file', BASE, 'file:///etc/passwd', 'it leaves HTTP'],
    ['no URL at all', BASE, 'https://[bad/up?sig=secret', 'it is not a URL'],
    ['nothing', BASE, '//', 'it is not a URL'],
    ['a path of Windows', BASE, '\\\\registry.test:99999\\up?sig=secret', 'it is not a URL'],
    ['a host behind a backslash', BASE, 'http:\\\\storage.test\\up?sig=secret', 'it leaves TLS'],
    ['another scheme with a password', BASE, 'ftp://user:secret@storage.test/up', 'it leaves HTTP'],
  ])('never leads to %s', (_, base, location, reason) => {
    expect(() => resolveLocation(base, location, answer(202))).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringMatching(new RegExp(`^(?!.*secret).*: ${reason}$`)),
        hint: expect.stringContaining('external URL'),
      }),
    );
  });
});

test.each([
  ['https://r.test/up', 'https://r.test/up?digest=sha256%3Aab'],
  ['https://r.test/up?_state=a%2B', 'https://r.test/up?_state=a%2B&digest=sha256%3Aab'],
])('the digest is added to %s as it is', (location, url) => {
  expect(withDigest(location, 'sha256:ab')).toBe(url);
});
