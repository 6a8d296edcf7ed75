import { describe, expect, test } from 'vitest';
import { ModelcarError } from '../core/error.ts';
import { parseProxy } from './http-proxy.ts';

const basic = (account: string) => `Basic ${Buffer.from(account).toString('base64')}`;

describe('a proxy', () => {
  test.each([
    ['http://proxy.test:3128', 'http', 'proxy.test', 3128, 'http://proxy.test:3128'],
    ['http://proxy.test', 'http', 'proxy.test', 80, 'http://proxy.test'],
    ['https://proxy.test/', 'https', 'proxy.test', 443, 'https://proxy.test'],
    ['proxy.test:3128', 'http', 'proxy.test', 3128, 'http://proxy.test:3128'],
    ['10.0.0.1:8080', 'http', '10.0.0.1', 8080, 'http://10.0.0.1:8080'],
    ['http://[fd00::1]:3128', 'http', 'fd00::1', 3128, 'http://[fd00::1]:3128'],
  ])('can be written as %s', (text, scheme, host, port, name) => {
    expect(parseProxy(text)).toEqual({ scheme, host, port, name, authorization: undefined });
  });

  test.each([
    ['http://ada:secret@proxy.test', basic('ada:secret')],
    ['ada:secret@proxy.test:3128', basic('ada:secret')],
    ['http://ada:p%40ss%3Aw%2Frd@proxy.test', basic('ada:p@ss:w/rd')],
    ['http://ada:100%@proxy.test', basic('ada:100%')],
    ['http://ada@proxy.test', basic('ada:')],
    ['http://:secret@proxy.test', basic(':secret')],
    ['http://ad%C3%A4:s@proxy.test', basic('adä:s')],
  ])('of %s gets the account that is meant, and its name has nothing of it', (text, authorization) => {
    const proxy = parseProxy(text);
    expect(proxy.authorization).toBe(authorization);
    expect(proxy.name).toMatch(/^http:\/\/proxy\.test(:3128)?$/);
  });

  test.each([
    'socks5://ada:secret@proxy.test:1080',
    'ftp://ada:secret@proxy.test',
    'http://ada:sec/ret@proxy.test:3128',
    'http://ada:secret@',
    'http://ada:secret@proxy.test:port',
    '',
  ])('cannot be %j: a usage error that shows no password', (text) => {
    const parse = () => parseProxy(text);
    expect(parse).toThrow(ModelcarError);
    expect(parse).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.not.stringMatching(/sec|ret/) }),
    );
  });
});
