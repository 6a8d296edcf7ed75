import { describe, expect, test } from 'vitest';
import { proxyFromEnvironment } from './node-proxy-from-environment.ts';

const PROXY = 'http://proxy.test:3128';
const REGISTRY = 'https://r.test/v2/';

describe('the proxy of a URL', () => {
  test.each<[fact: string, env: Record<string, string>, url: string, proxy: string | undefined]>([
    ['is none where no variable names one', {}, REGISTRY, undefined],
    ['is that of its scheme: https', { HTTPS_PROXY: PROXY, HTTP_PROXY: 'http://other' }, REGISTRY, PROXY],
    [
      'is that of its scheme: http',
      { HTTPS_PROXY: 'http://other', HTTP_PROXY: PROXY },
      'http://r.test/',
      PROXY,
    ],
    ['is not that of the other scheme', { HTTP_PROXY: PROXY }, REGISTRY, undefined],
    ['is the one for all, where its scheme has none', { ALL_PROXY: PROXY }, REGISTRY, PROXY],
    [
      'is that of its scheme before the one for all',
      { ALL_PROXY: 'http://other', HTTPS_PROXY: PROXY },
      REGISTRY,
      PROXY,
    ],
    ['can be named in lower case', { https_proxy: PROXY }, REGISTRY, PROXY],
    [
      'is the one in lower case, of two',
      { https_proxy: PROXY, HTTPS_PROXY: 'http://other' },
      REGISTRY,
      PROXY,
    ],
    ['is not an empty one', { https_proxy: '', HTTPS_PROXY: ' ', ALL_PROXY: PROXY }, REGISTRY, PROXY],
    ['is none where NO_PROXY has its host', { HTTPS_PROXY: PROXY, NO_PROXY: 'r.test' }, REGISTRY, undefined],
    ['is none where no_proxy has its host', { HTTPS_PROXY: PROXY, no_proxy: 'r.test' }, REGISTRY, undefined],
  ])('%s', (_, env, url, proxy) => {
    expect(proxyFromEnvironment(env)(url)).toBe(proxy);
  });

  test.each(['localhost', 'localhost:5000', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000'])(
    'is none for %s, as in Go',
    (host) => {
      expect(proxyFromEnvironment({ ALL_PROXY: PROXY })(`http://${host}/v2/`)).toBeUndefined();
    },
  );
});

describe('a variable that names no HTTP proxy', () => {
  test.each([
    ['ALL_PROXY', 'socks5h://127.0.0.1:1080', 'is not an HTTP proxy, but socks5h'],
    ['all_proxy', 'socks5://ada:secret@proxy.test:1080', 'is not an HTTP proxy, but socks5'],
    ['HTTPS_PROXY', 'ftp://ada:secret@proxy.test', 'is not an HTTP proxy, but ftp'],
    ['HTTPS_PROXY', 'http://ada:sec/ret@proxy.test:3128', 'cannot be read'],
  ])('is named in the error, without its account: %s=%s', (variable, value, said) => {
    const ask = () => proxyFromEnvironment({ [variable]: value })(REGISTRY);
    expect(ask).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching(new RegExp(`^the proxy(?:'s URL)? in ${variable} ${said}$`)),
        hint: expect.stringContaining('http://host:port'),
      }),
    );
  });

  test('does no harm where another one, or none, is used', () => {
    const env = { HTTPS_PROXY: PROXY, ALL_PROXY: 'socks5://127.0.0.1:1080', NO_PROXY: 'other.test' };
    expect(proxyFromEnvironment(env)(REGISTRY)).toBe(PROXY);
    expect(proxyFromEnvironment(env)('http://other.test/')).toBeUndefined();
    expect(proxyFromEnvironment(env)('http://localhost:5000/')).toBeUndefined();
  });
});

describe('NO_PROXY', () => {
  test.each<[list: string, url: string]>([
    ['r.test', 'https://r.test/'],
    ['r.test', 'https://a.b.r.test/'],
    ['R.Test', 'https://r.test/'],
    ['.r.test', 'https://a.r.test/'],
    ['*.r.test', 'https://a.r.test/'],
    ['r.test:443', 'https://r.test/'],
    ['r.test:80', 'http://r.test/'],
    ['r.test:5000', 'https://r.test:5000/'],
    ['a.test, r.test', 'https://r.test/'],
    ['a.test r.test', 'https://r.test/'],
    ['a.test,,r.test,', 'https://r.test/'],
    ['*', 'https://r.test/'],
    ['a.test,*', 'https://r.test/'],
    ['10.1.2.3', 'https://10.1.2.3:5000/'],
    ['10.1.2.3:5000', 'https://10.1.2.3:5000/'],
    ['10.0.0.0/8', 'https://10.200.1.1/'],
    ['fd00::1', 'https://[fd00:0:0::1]/'],
    ['[fd00::1]', 'https://[fd00::1]/'],
    ['[fd00::1]:5000', 'https://[fd00::1]:5000/'],
    ['fd00::/8', 'https://[fd12::1]/'],
    ['.svc,.cluster.local', 'http://registry.models.svc/'],
  ])('%j leaves out %s', (list, url) => {
    expect(proxyFromEnvironment({ ALL_PROXY: PROXY, NO_PROXY: list })(url)).toBeUndefined();
  });

  test.each<[list: string, url: string]>([
    ['', 'https://r.test/'],
    [',', 'https://r.test/'],
    ['r.test', 'https://evil-r.test/'],
    ['r.test', 'https://r.test.evil/'],
    ['a.r.test', 'https://r.test/'],
    ['.r.test', 'https://r.test/'],
    ['*.r.test', 'https://r.test/'],
    ['r.test:5000', 'https://r.test/'],
    ['10.1.2.3:5000', 'https://10.1.2.3/'],
    ['10.0.0.0/8', 'https://11.0.0.1/'],
    ['10.0.0.0/33', 'https://10.0.0.1/'],
    ['10.0.0.0/8', 'https://10.test/'],
    ['10.0.0.0/8', 'https://[fd00::1]/'],
    ['fd00::/8', 'https://10.0.0.1/'],
    ['fd00::/129', 'https://[fd00::1]/'],
    ['[fd00::1]:5000', 'https://[fd00::1]/'],
    ['1', 'https://r.test1/'],
  ])('%j does not leave out %s', (list, url) => {
    expect(proxyFromEnvironment({ ALL_PROXY: PROXY, NO_PROXY: list })(url)).toBe(PROXY);
  });
});
