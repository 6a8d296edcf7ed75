import { expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import type { HttpRequest } from '../../http/transport.ts';
import { withLeader } from './with-leader.ts';

test('a request to another server is led from the one that answered last, also behind redirects', async () => {
  const requests: HttpRequest[] = [];
  const send = withLeader()(async (request) => {
    requests.push(request);
    return { ...answer(202), ...(request.url.endsWith('/moves') && { url: 'https://c.test/there' }) };
  });
  const urls = [
    'https://a.test/opens',
    'https://b.test/session',
    'https://b.test/moves',
    'https://d.test/session',
    'https://d.test/commits',
  ];
  for (const url of urls) await send({ method: 'PATCH', url });
  expect(requests.map(({ redirectedFrom }) => redirectedFrom)).toEqual([
    undefined,
    'https://a.test/opens',
    'https://a.test/opens',
    'https://c.test/there',
    'https://c.test/there',
  ]);
});

test('a server that does not answer leads nowhere', async () => {
  const led: (string | undefined)[] = [];
  const send = withLeader()(async ({ url, redirectedFrom }) => {
    led.push(redirectedFrom);
    if (url.startsWith('https://b.test/')) throw new Error('cut');
    return answer(202);
  });
  await send({ method: 'POST', url: 'https://a.test/' });
  for (const attempt of [1, 2]) {
    await expect(send({ method: 'PATCH', url: `https://b.test/${attempt}` })).rejects.toThrow('cut');
  }
  expect(led).toEqual([undefined, 'https://a.test/', 'https://a.test/']);
});
