import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { secret } from '../../test/support/secrets.ts';
import type { HttpRequest, HttpResponse } from '../http/transport.ts';
import { createOptionalToken, createTokenRenewal, withHubToken } from './hub-token.ts';

const TOKEN = secret('hub token');
const HOME = 'https://hub.test';
const GET: HttpRequest = { method: 'GET', url: `${HOME}/api/models/acme/tiny` };

/** A Hub that gives one answer to requests with the token, and another to those without. */
function hub(withToken: HttpResponse, without: HttpResponse | Error, isOptional = true) {
  const sent: (string | undefined)[] = [];
  const warnings: string[] = [];
  const optionalToken = isOptional ? createOptionalToken(() => warnings.push('refused')) : undefined;
  const send = withHubToken(HOME, { token: TOKEN, optionalToken })(async ({ headers }) => {
    sent.push(headers?.authorization?.replace(TOKEN, 'token'));
    if (headers?.authorization !== undefined) return withToken;
    if (without instanceof Error) throw without;
    return without;
  });
  return { send, sent, warnings, optionalToken };
}

describe('a token that was found on the machine, and that the Hub refuses', () => {
  test.each([200, 206, 302, 307, 404])(
    'is dropped for the whole push where a request without it gets %i',
    async (status) => {
      const refused = answer(401);
      const { send, sent, warnings, optionalToken } = hub(refused, answer(status));
      expect((await send(GET)).status).toBe(status);
      await send(GET);
      expect(sent).toEqual(['Bearer token', undefined, undefined]);
      expect([warnings, optionalToken?.isRefused]).toEqual([['refused'], true]);
      expect(refused.touched(), 'the refusal frees its connection').toBe(true);
    },
  );

  test.each([401, 403])(
    'is kept where a request without it gets %i: the first answer counts',
    async (status) => {
      const [refusal, anonymous] = [answer(401, {}, 'Invalid credentials'), answer(status)];
      const { send, warnings } = hub(refusal, anonymous);
      expect(await send(GET)).toBe(refusal);
      expect([warnings, anonymous.touched(), refusal.touched()]).toEqual([[], true, false]);
    },
  );

  test.each([429, 500, 503])(
    'is kept for now where a request without it gets %i, which says nothing',
    async (status) => {
      const { send, warnings } = hub(answer(401), answer(status));
      expect((await send(GET)).status).toBe(status);
      expect(warnings).toEqual([]);
    },
  );

  test('frees its connection where the request without it fails', async () => {
    const refusal = answer(401);
    const { send } = hub(refusal, new Error('reset'));
    await expect(send(GET)).rejects.toThrow('reset');
    expect(refusal.touched()).toBe(true);
  });
});

test('a token that was given for the push is never left out', async () => {
  const { send, sent } = hub(answer(401), answer(200), false);
  expect((await send(GET)).status).toBe(401);
  expect(sent).toEqual(['Bearer token']);
});

test.each([200, 302, 403, 404, 429, 503])(
  'an answer of %i to a token that was found says nothing against the token',
  async (status) => {
    const { send, sent } = hub(answer(status), answer(200));
    expect((await send(GET)).status).toBe(status);
    expect(sent).toEqual(['Bearer token']);
  },
);

test('a 401 of another server says nothing against the token, which it did not get', async () => {
  const { send, sent, warnings } = hub(answer(200), answer(401));
  expect((await send({ ...GET, url: 'https://cdn.test/f' })).status).toBe(401);
  expect([sent, warnings]).toEqual([[undefined], []]);
});

describe('a token that was replaced', () => {
  const NEW = secret('new hub token');

  /** A Hub that accepts the new token only. */
  function hubOfNew(found: string | undefined) {
    const sent: (string | undefined)[] = [];
    const refused = answer(401);
    let reads = 0;
    const read = async () => {
      reads += 1;
      return found;
    };
    const optionalToken = createOptionalToken(() => undefined);
    const renewToken = createTokenRenewal(TOKEN, read);
    const client = () =>
      withHubToken(HOME, { token: TOKEN, optionalToken, renewToken })(async ({ headers }) => {
        sent.push(headers?.authorization?.replace(NEW, 'new').replace(TOKEN, 'old'));
        return headers?.authorization === `Bearer ${NEW}` ? answer(200) : refused;
      });
    return { client, sent, refused, optionalToken, reads: () => reads };
  }

  test('is read again when the Hub refuses the old one, and is sent from then on', async () => {
    const { client, sent, refused, optionalToken } = hubOfNew(NEW);
    const send = client();
    expect([(await send(GET)).status, (await send(GET)).status]).toEqual([200, 200]);
    expect(sent).toEqual(['Bearer old', 'Bearer new', 'Bearer new']);
    expect([refused.touched(), optionalToken.isRefused]).toEqual([true, false]);
  });

  test('is read once for all who are refused together', async () => {
    const { client, reads } = hubOfNew(NEW);
    const answers = await Promise.all([client()(GET), client()(GET), client()(GET)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(reads()).toBe(1);
  });

  test.each([undefined, '', TOKEN])('with the same or with nothing is not sent twice', async (found) => {
    const { client, sent } = hubOfNew(found);
    expect((await client()(GET)).status).toBe(401);
    expect(sent).toEqual(['Bearer old', undefined]);
  });
});
