import { expect, test } from 'vitest';
import { HttpRequests } from './http-requests.ts';

const SENT = Buffer.from(
  [
    'POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: sink\r\nContent-Length: 0\r\n\r\n',
    'PATCH /session HTTP/1.1\r\nHost: sink\r\nTransfer-Encoding: chunked\r\n\r\n',
    '5;note=x\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: t\r\n\r\n',
    'PUT /v2/a/manifests/tag HTTP/1.1\r\nhost: sink\r\ncontent-length: 2\r\nExpect: 100-continue\r\n\r\n{}',
    'HEAD /v2/ HTTP/1.1\r\nHost: sink\r\n\r\n',
  ].join(''),
);

function readIn(step: number): { readonly seen: readonly string[]; readonly expects: number } {
  const seen: string[] = [];
  let expects = 0;
  const requests = new HttpRequests({
    keeps: (method) => method === 'PUT',
    onExpect: () => {
      expects += 1;
    },
    onRequest: ({ method, target, host, bytes, kept }) =>
      seen.push(`${method} ${target} ${host} ${bytes} ${kept.toString()}`),
  });
  for (let at = 0; at < SENT.length; at += step) requests.push(SENT.subarray(at, at + step));
  return { seen, expects };
}

test.each([1, 2, 3, 7, 50, SENT.length])(
  'requests are told apart when they come %i bytes at a time',
  (step) => {
    expect(readIn(step)).toEqual({
      seen: [
        'POST /v2/a/blobs/uploads/ sink 0 ',
        'PATCH /session sink 21 ',
        'PUT /v2/a/manifests/tag sink 2 {}',
        'HEAD /v2/ sink 0 ',
      ],
      expects: 1,
    });
  },
);
