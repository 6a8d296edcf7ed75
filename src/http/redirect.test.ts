import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { redirectTarget, resolveVerbatim, withRedirects } from './redirect.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

describe('where a Location leads', () => {
  const base = 'https://hub.test/a/b?c=d';
  test.each([
    ['https://cdn.test/x%2Fy?sig=a%2bB%2F', 'https://cdn.test/x%2Fy?sig=a%2bB%2F'],
    ['HTTPS://cdn.test/x', 'HTTPS://cdn.test/x'],
    ['//cdn.test/x', 'https://cdn.test/x'],
    ['/x/../y?z=%7e', 'https://hub.test/x/../y?z=%7e'],
    ['c', 'https://hub.test/a/c'],
    ['../c', 'https://hub.test/c'],
    ['?e=f', 'https://hub.test/a/b?e=f'],
  ])('%s: %s', (location, target) => {
    expect(resolveVerbatim(base, location)).toBe(target);
  });

  test.each([
    ['from https to http on another host', 'https://a.test/', 'http://b.test/x?token=secret'],
    ['to another scheme', 'http://a.test/', 'ftp://a.test/x?token=secret'],
    ['to a file', 'http://a.test/', 'file:///etc/passwd'],
    ['to what is no URL', 'https://a.test/', 'https://[bad/?token=secret'],
    ['to nowhere', 'https://a.test/', '//'],
    ['to what looks relative and is no URL', 'https://a.test/', '\\\\b.test:99999/?token=secret'],
    ['with a password to another scheme', 'https://a.test/', 'ftp://user:secret@b.test/'],
  ])('never %s', (_, from, location) => {
    expect(() => redirectTarget(from, location, answer(307))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.not.stringContaining('secret') }),
    );
  });

  test.each([
    ['http://a.test/', 'http://b.test/x'],
    ['http://a.test/', 'https://b.test/x'],
    ['https://a.test/', 'https://b.test/x'],
    ['https://a.test/', 'HTTPS://b.test/x'],
    ['HTTP://a.test/', 'http://b.test/x'],
    ['http://localhost:5000/', 'http://127.0.0.1:5001/x'],
    ['http://10.0.0.5/', 'http://10.0.0.6/x'],
  ])('from %s to %s', (from, location) => {
    expect(redirectTarget(from, location, answer(307))).toBe(location);
  });
});

test('a redirect to http on the same host stays on TLS, character by character: a proxy in front ends the TLS', () => {
  const target = redirectTarget('https://a.test:8443/v2/', 'http://a.test/x%2Fy?sig=a%2bB%2F', answer(307));
  expect(target).toBe('https://a.test:8443/x%2Fy?sig=a%2bB%2F');
});

describe('redirects of a request', () => {
  function scripted(...answers: HttpResponse[]): { transport: Transport; requests: HttpRequest[] } {
    const requests: HttpRequest[] = [];
    return {
      requests,
      async transport(request) {
        requests.push(request);
        return answers[requests.length - 1] ?? expect.fail(`nobody expected ${request.url}`);
      },
    };
  }
  const to = (location: string, status = 307) => answer(status, { location });

  test.each([301, 302, 303, 307, 308])('are followed from a %i, with method and headers', async (status) => {
    const first = to('https://cdn.test/x', status);
    const { transport, requests } = scripted(first, answer(200));
    const headers = { range: 'bytes=5-' };
    const response = await withRedirects(1)(transport)({ method: 'HEAD', url: 'https://a.test/', headers });
    expect(response.status).toBe(200);
    expect(requests[1]).toMatchObject({ method: 'HEAD', url: 'https://cdn.test/x', headers });
    expect(first.touched()).toBe(true); // else it holds its connection
  });

  test('are resolved against the last URL, not the first', async () => {
    const { transport, requests } = scripted(to('https://b.test/x/'), to('y'), answer(200));
    await withRedirects(5)(transport)({ method: 'GET', url: 'https://a.test/' });
    expect(requests.map(({ url }) => url)).toEqual([
      'https://a.test/',
      'https://b.test/x/',
      'https://b.test/x/y',
    ]);
  });

  test('carry the URL that pointed to the next one', async () => {
    const { transport, requests } = scripted(to('https://b.test/'), to('https://c.test/'), answer(200));
    await withRedirects(5)(transport)({ method: 'GET', url: 'https://a.test/' });
    expect(requests.map(({ redirectedFrom }) => redirectedFrom)).toEqual([
      undefined,
      'https://a.test/',
      'https://b.test/',
    ]);
  });

  test('come to an end', async () => {
    const { transport, requests } = scripted(to('/1'), to('/2'), to('/3'), to('/4'));
    const request = { method: 'GET', url: 'https://a.test/0?token=secret' } as const;
    const error = await failureOf(withRedirects(2)(transport)(request));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: 'https://a.test/0 redirects more than 2 times',
    });
    expect(requests.length).toBe(3);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    'that keep the method are followed: %s',
    async (method) => {
      const { transport, requests } = scripted(to('/x'), answer(201));
      expect((await withRedirects(5)(transport)({ method, url: 'https://a.test/' })).status).toBe(201);
      expect(requests.map((request) => request.method)).toEqual([method, method]);
    },
  );

  test('that would make a GET of it go back to the caller', async () => {
    const { transport } = scripted(answer(302, { location: '/x' }));
    expect((await withRedirects(5)(transport)({ method: 'POST', url: 'https://a.test/' })).status).toBe(302);
  });

  test('of a stream go back to the caller, who can read its source again', async () => {
    const { transport } = scripted(to('/x'));
    const body = (async function* () {})();
    expect(
      (await withRedirects(5)(transport)({ method: 'PATCH', url: 'https://a.test/', body })).status,
    ).toBe(307);
  });

  test.each([
    ['a 304', answer(304, { location: '/x' })],
    ['a redirect without a Location', answer(302)],
  ])('%s is none', async (_, response) => {
    const { transport } = scripted(response);
    expect(await withRedirects(5)(transport)({ method: 'GET', url: 'https://a.test/' })).toBe(response);
  });
});
