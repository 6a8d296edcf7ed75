import { describe, expect, onTestFinished, test } from 'vitest';
import { type FakeHubOptions, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { httpServer } from '../support/raw-server.ts';
import { readAll } from '../support/read-all.ts';
import { failureOf } from '../support/rejection.ts';
import { hubToken } from '../support/secrets.ts';
import { everythingIn, hubWorld, SECRETS, TOKEN } from './hub-world.ts';

const NARROW = hubToken('narrow token');

const files = { 'README.md': text('read me'), 'w.bin': synthetic({ size: 5_000 }) };

const options: FakeHubOptions = {
  repos: [
    { id: 'acme/open', files },
    { id: 'acme/secret', private: true, files },
    { id: 'acme/gated', gated: 'manual', files },
    { id: 'acme/off', disabled: true, files },
  ],
  tokens: { [TOKEN]: { user: 'jane' }, [NARROW]: { user: 'jim', withoutGatedScope: true } },
};

interface Refusal {
  readonly code: string;
  readonly says: RegExp;
  readonly hint: RegExp;
}

const cases: readonly [fact: string, name: string, token: string | undefined, refusal: Refusal][] = [
  [
    'missing, asked anonymously',
    'acme/nothing',
    undefined,
    {
      code: 'NOT_FOUND',
      says: /^the Hub has no public model acme\/nothing: it answers 401 .*no token was sent/,
      hint: /acme\/nothing.*HF_TOKEN/,
    },
  ],
  [
    'missing, asked with a token',
    'acme/nothing',
    TOKEN,
    {
      code: 'NOT_FOUND',
      says: /acme\/nothing@main.*404 Repository not found/,
      hint: /name acme\/nothing.*token/,
    },
  ],
  [
    'private, asked anonymously',
    'acme/secret',
    undefined,
    {
      code: 'NOT_FOUND',
      says: /^the Hub has no public model acme\/secret: it answers 401/,
      hint: /private.*HF_TOKEN/,
    },
  ],
  [
    'private, asked by a stranger',
    'acme/secret',
    TOKEN,
    { code: 'NOT_FOUND', says: /acme\/secret@main.*404/, hint: /account of the token/ },
  ],
  [
    'gated, asked anonymously',
    'acme/gated',
    undefined,
    {
      code: 'GATED',
      says: /of acme\/gated.*401 Access to model acme\/gated is restricted/,
      hint: /HF_TOKEN.*\/acme\/gated/,
    },
  ],
  [
    'gated, asked by somebody without access',
    'acme/gated',
    TOKEN,
    {
      code: 'GATED',
      says: /403 .*not in the authorized list/,
      hint: /ask for access at http.*\/acme\/gated/,
    },
  ],
  [
    'gated, asked with a token without that scope',
    'acme/gated',
    NARROW,
    { code: 'GATED', says: /403/, hint: /settings/ },
  ],
  ['disabled', 'acme/off', TOKEN, { code: 'DISABLED', says: /acme\/off.*403/, hint: /acme\/off/ }],
  [
    'private, asked with a token nobody knows',
    'acme/secret',
    hubToken('made-up token'),
    { code: 'UNAUTHORIZED', says: /401 Invalid credentials/, hint: /token is not valid/ },
  ],
];

describe('a model that is', () => {
  test.each(cases)(
    '%s is refused before a byte is read, with what to do',
    async (_, name, token, refusal) => {
      const { hub, resolve } = await hubWorld(options, { token });
      const error = await failureOf(resolve(name));
      expect(error).toMatchObject({
        code: refusal.code,
        message: expect.stringMatching(refusal.says),
        hint: expect.stringMatching(refusal.hint),
      });
      expect(error.message).toMatch(/\(request Root=1-/);
      expect(everythingIn(error)).not.toMatch(SECRETS);
      expect(hub.requests({ origin: 'cdn' })).toEqual([]);
    },
  );
});

test('an unknown revision is told from an unknown model', async () => {
  const { resolve } = await hubWorld(options);
  const error = await failureOf(resolve('acme/open', 'v9'));
  expect(error).toMatchObject({
    code: 'REVISION_NOT_FOUND',
    message: expect.stringMatching(/acme\/open@v9.*404 Invalid rev id: v9/),
    hint: expect.stringMatching(/branches and tags/),
  });
});

test('a token that the Hub refuses on a public model is named as the trouble', async () => {
  const { resolve } = await hubWorld(
    { ...options, unknownToken: 'refused' },
    { token: hubToken('made-up token') },
  );
  expect(await failureOf(resolve('acme/open'))).toMatchObject({ code: 'UNAUTHORIZED' });
});

describe('HF_ENDPOINT that does not name a Hub', () => {
  test('is reported if it is a registry', async () => {
    const registry = await startFakeRegistry();
    onTestFinished(() => registry.close());
    const { resolve } = await hubWorld(options, { endpoint: `http://${registry.host}` });
    expect(await failureOf(resolve('acme/open'))).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(
        `http://${registry.host} (HF_ENDPOINT) does not answer like a Hugging Face Hub: 404`,
      ),
    });
  });

  test.each(['main', 'c'.repeat(40)])('is reported if it answers with pages to %s', async (revision) => {
    const site = await httpServer((_, response) => response.end('<html>welcome</html>'));
    const { resolve } = await hubWorld(options, { endpoint: site.origin });
    expect(await failureOf(resolve('acme/open', revision))).toMatchObject({
      code: 'UNSUPPORTED',
      message: `${site.origin} (HF_ENDPOINT) does not answer like a Hugging Face Hub: 200 with a page that is not JSON`,
    });
  });
});

test('a dataset that is asked for as a model is found by the hint', async () => {
  const { resolve } = await hubWorld(options);
  expect((await failureOf(resolve('acme/rows'))).hint).toContain('or write datasets/acme/rows for a dataset');
  expect((await failureOf(resolve('datasets/acme/rows'))).hint).not.toContain('write datasets/');
});

test('offline, the Hub hears nothing', async () => {
  const { hub, resolve } = await hubWorld(options, { offline: 'HF_HUB_OFFLINE' });
  expect(await failureOf(resolve('acme/open'))).toMatchObject({ code: 'OFFLINE' });
  expect(hub.log).toEqual([]);
});

test('a Hub that is not there is named with its host', async () => {
  const { hub, resolve } = await hubWorld(options, { token: TOKEN });
  await hub.goDown('hub');
  const error = await failureOf(resolve('acme/open'));
  expect(error).toMatchObject({ code: 'UNAVAILABLE', hint: expect.stringMatching(/network/) });
  expect(error.message).toMatch(`cannot reach ${hub.endpoint} (HF_ENDPOINT): GET `);
  expect(everythingIn(error)).not.toMatch(SECRETS);
});

test('a Hub whose name no name server knows is named by its variable', async () => {
  const { resolve } = await hubWorld(options, { endpoint: 'http://hub.invalid' });
  expect(await failureOf(resolve('acme/open'))).toMatchObject({
    code: 'NOT_FOUND',
    message: expect.stringMatching(
      /^cannot reach http:\/\/hub\.invalid \(HF_ENDPOINT\): GET \S+: no such host: hub\.invalid$/,
    ),
  });
});

test('a Hub that goes away after its first answer is not said to be misspelt', async () => {
  const { hub, resolve } = await hubWorld(options);
  await resolve('acme/open');
  await hub.goDown('hub');
  expect((await failureOf(resolve('acme/open'))).message).not.toContain('HF_ENDPOINT');
});

describe('while the files are read', () => {
  test('a file that is removed with its commit is an error that names it', async () => {
    const { hub, source, resolve } = await hubWorld(options);
    const model = await resolve('acme/open');
    hub.removeFile('acme/open', 'main', 'w.bin');
    const gone = { path: 'gone.bin', size: 3, oid: { algorithm: 'git-sha1', hex: 'a'.repeat(40) } } as const;
    const error = await failureOf(readAll(source.file(model, gone)));
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/gone\.bin of acme\/open/),
    });
  });

  test('a file that the branch no longer has is read to its end at its commit', async () => {
    const { hub, read } = await hubWorld(options);
    hub.addFault({ on: 'cdn', kind: 'run', run: () => void hub.removeFile('acme/open', 'main', 'w.bin') });
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 2_000 });
    expect((await read('acme/open', 'w.bin')).length).toBe(5_000);
  });

  test('a commit that is gone is an unknown revision', async () => {
    const { hub, read } = await hubWorld(options);
    const run = () => void hub.forcePush('acme/open', 'main', { 'other.bin': text('x') });
    hub.addFault({ on: 'resolve', method: 'GET', kind: 'run', run });
    expect(await failureOf(read('acme/open', 'w.bin'))).toMatchObject({ code: 'REVISION_NOT_FOUND' });
  });

  test('a model that becomes gated is refused at the next signed URL, without a retry', async () => {
    const { hub, read, retries } = await hubWorld(options, { token: TOKEN });
    const run = () => {
      hub.repo('acme/open').gated = 'manual';
      hub.expireUrls();
    };
    hub.addFault({ on: 'cdn', kind: 'run', run });
    hub.addFault({ on: 'cdn', kind: 'cut', afterBytes: 2_000 });
    const error = await failureOf(read('acme/open', 'w.bin'));
    expect(error).toMatchObject({
      code: 'GATED',
      message: expect.stringMatching(/read w\.bin of acme\/open/),
    });
    expect(everythingIn(error)).not.toMatch(SECRETS);
    expect(retries.map(({ reason, offset }) => [offset, reason])).toEqual([
      [2_000, expect.any(String)],
      [2_000, expect.stringContaining('Request has expired')],
    ]);
  });
});
