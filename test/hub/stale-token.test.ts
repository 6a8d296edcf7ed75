import { describe, expect, test } from 'vitest';
import type { PushEvent } from '../../src/index.ts';
import { type FakeHubOptions, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { builtLibrary } from '../support/built-library.ts';
import { localPush } from '../support/local-push.ts';
import { failureOf } from '../support/rejection.ts';
import { hubToken } from '../support/secrets.ts';

const STALE = hubToken('stale token');
const files = { 'config.json': text('{}'), 'model.safetensors': synthetic({ size: 300_000 }) };
const shards = Object.fromEntries(
  [1, 2, 3].map((nth) => [
    `model-0000${nth}-of-00003.safetensors`,
    synthetic({ size: 9_000_000, seed: nth }),
  ]),
);

/** A Hub that refuses every token that it does not know, for public models too. */
const options: FakeHubOptions = {
  unknownToken: 'refused',
  repos: [
    { id: 'acme/open', files },
    { id: 'acme/large', files: { 'config.json': text('{}'), ...shards } },
    { id: 'acme/secret', private: true, files },
    { id: 'acme/gated', gated: 'manual', files },
  ],
};

const found = { token: STALE, tokenOrigin: '~/.cache/huggingface/token', tokenIsOptional: true };
const given = { token: STALE, tokenOrigin: 'HF_TOKEN' };
const WARNING = 'the Hub refused the token from ~/.cache/huggingface/token; continuing without it';

const warningsOf = (events: readonly PushEvent[]) =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));

describe('a token from the token file that the Hub refuses', () => {
  test('does not stop the push of a public model, which warns once and continues without it', async () => {
    const { hub, events, push, registry } = await localPush(options);
    const { manifestDigest } = await push('acme/open', { hub: found });
    expect(registry.tags('acme/open').get('v1')).toBe(manifestDigest);
    expect(warningsOf(events)).toEqual([WARNING]);
    const [first, ...others] = hub
      .requests({ origin: 'hub' })
      .map(({ hadAuthorization }) => hadAuthorization);
    expect([first, others.includes(true)]).toEqual([true, false]);
  });

  test('is not sent by the threads of a push either', async () => {
    const { hub, events, push, registry } = await localPush(options, {}, builtLibrary);
    const { manifestDigest } = await push('acme/large', { hub: found, workers: 3 });
    expect(registry.tags('acme/large').get('v1')).toBe(manifestDigest);
    expect(warningsOf(events)).toEqual([WARNING]);
    expect(hub.requests({ origin: 'hub' }).filter(({ hadAuthorization }) => hadAuthorization).length).toBe(1);
  });

  test.each([1, 3])('in the middle of a push is dropped there, with %i workers', async (workers) => {
    const { hub, events, push, registry } = await localPush(
      { ...options, unknownToken: 'ignored' },
      {},
      builtLibrary,
    );
    const run = () => {
      hub.knobs.unknownToken = 'refused';
    };
    hub.addFault({ on: 'resolve', method: 'GET', kind: 'run', run });
    const { manifestDigest } = await push('acme/large', { hub: found, workers });
    expect(registry.tags('acme/large').get('v1')).toBe(manifestDigest);
    expect(warningsOf(events)).toEqual([WARNING]);
  });

  test('is named in the error about a private model', async () => {
    const { events, push } = await localPush(options);
    expect(await failureOf(push('acme/secret', { hub: found }))).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringMatching(
        /^cannot find acme\/secret@main at the Hub with the token from ~\/\.cache\/huggingface\/token: 401 Invalid credentials/,
      ),
      hint: expect.stringContaining('The token from ~/.cache/huggingface/token is not valid'),
    });
    expect(warningsOf(events)).toEqual([]);
  });

  test('is named in the error about a gated model, whose listing is public', async () => {
    const { push } = await localPush(options);
    expect(await failureOf(push('acme/gated', { hub: found }))).toMatchObject({
      code: 'GATED',
      hint: expect.stringMatching(
        /valid token \(the Hub refused the one from ~\/\.cache\/huggingface\/token\)/,
      ),
    });
  });

  test('is named in the error about a revision that does not exist', async () => {
    const { events, push } = await localPush(options);
    expect((await failureOf(push('acme/open', { hub: found, revision: 'v9' }))).code).toBe(
      'REVISION_NOT_FOUND',
    );
    expect(warningsOf(events)).toEqual([WARNING]);
  });
});

test('a token from a variable that the Hub refuses stops the push, and the error names the variable', async () => {
  const { hub, push } = await localPush(options);
  expect(await failureOf(push('acme/open', { hub: given }))).toMatchObject({
    code: 'UNAUTHORIZED',
    message: expect.stringMatching(/with the token from HF_TOKEN: 401 Invalid credentials/),
    hint: 'The token from HF_TOKEN is not valid at this Hub: set HF_TOKEN to one that is; a public model needs none.',
  });
  expect(hub.log.length).toBe(1);
});

test.each([1, 3])(
  'a token that is replaced in the middle of a push of a private model is read again, with %i workers',
  async (workers) => {
    const [first, second] = [hubToken('first token'), hubToken('second token')];
    const reader = { user: 'ada', reads: ['acme/large'] };
    const { hub, events, push, registry } = await localPush(
      {
        unknownToken: 'refused',
        tokens: { [first]: reader },
        repos: [{ id: 'acme/large', private: true, files: { 'config.json': text('{}'), ...shards } }],
      },
      {},
      builtLibrary,
    );
    const run = () => {
      hub.setToken(first, undefined);
      hub.setToken(second, reader);
    };
    hub.addFault({ on: 'resolve', method: 'GET', kind: 'run', run });
    const access = { token: first, tokenOrigin: '/run/token', tokenIsOptional: true };
    const readToken = async () => second;
    const { manifestDigest } = await push('acme/large', { hub: { ...access, readToken }, workers });
    expect(registry.tags('acme/large').get('v1')).toBe(manifestDigest);
    expect(warningsOf(events)).toEqual([]);
  },
);
