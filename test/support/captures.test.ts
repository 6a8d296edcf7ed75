import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { writeAtomically } from '../../src/files/write-atomically.ts';
import { ModelcarError } from '../../src/index.ts';
import { systemProcesses } from '../../src/this-process.ts';
import { startFakeHub, synthetic } from '../fakes/hub/fake-hub.ts';
import { rawRequest } from '../fakes/hub/raw-request.ts';
import { startFakeRegistry } from '../fakes/registry/fake-registry.ts';
import { capture, takeLeaks } from './captures.ts';
import { failureOf } from './rejection.ts';
import { runCli } from './run-cli.ts';
import { hubToken, secret, secretsIn } from './secrets.ts';
import { tempFolder } from './temp-folder.ts';
import { watchFolders } from './written-files.ts';

/* That the search for secrets finds what is planted: a search that cannot fail would prove nothing. */

const PLANTED = hubToken('planted token');

describe('a secret is found', () => {
  const base64 = (before: string) => Buffer.from(`${before}${PLANTED}`).toString('base64');

  test.each([
    ['as it is', `token ${PLANTED}.`, 'planted-token'],
    ['cut short', PLANTED.slice(0, -6), 'planted'],
    ['in a URL', `https://h/?token=${encodeURIComponent(`${PLANTED}/+ü`)}`, 'planted-token'],
    ['in JSON', JSON.stringify({ deep: [JSON.stringify({ token: `"${PLANTED}"` })] }), 'planted-token'],
    ['in capitals', PLANTED.toUpperCase(), 'PLANTED-TOKEN'],
    ['as Basic authorization', `Basic ${base64('a:')}`, 'planted-token in base64'],
    ['as Basic authorization of a longer name', `Basic ${base64('ab:')}`, 'planted-token in base64'],
    ['as Basic authorization of a still longer name', `Basic ${base64('abc:')}`, 'planted-token in base64'],
    [
      'as part of a JWT',
      `e30.${Buffer.from(`{"a":"${PLANTED}"}`).toString('base64url')}.x`,
      'planted-token in base64',
    ],
    [
      'in a URL that escapes every byte',
      [...Buffer.from(PLANTED)].map((byte) => `%${byte.toString(16)}`).join(''),
      'planted-token',
    ],
    ['as Markdown', PLANTED.replace(/[_-]/g, '\\$&'), 'planted-token'],
    ['as JSON of escapes', PLANTED.replaceAll('-', '\\u002d'), 'planted-token'],
    ['as HTML', PLANTED.replaceAll('-', '&#x2D;'), 'planted-token'],
    [
      'as Basic authorization in Markdown',
      `Basic ${base64('a:')}`.replace(/[=+/]/g, '\\$&'),
      'planted-token in base64',
    ],
    ['in base64 that follows on other letters', `path${base64('')}`, 'planted-token in base64'],
  ])('%s', (_, text, name) => {
    expect(secretsIn(text)).toEqual([name]);
  });

  test('and nothing else is', () => {
    expect(
      secretsIn(`hf_abc sha256:${'0a'.repeat(32)} ${Buffer.from('ada:nothing').toString('base64')}`),
    ).toEqual([]);
  });
});

describe('a leak fails the test that shows it', () => {
  test.each([
    ['in a message', new ModelcarError('USAGE', `no ${PLANTED}`)],
    ['in a hint', new ModelcarError('USAGE', 'no', { hint: `Drop ${PLANTED}.` })],
    [
      'down the chain of causes',
      new Error('a', { cause: new Error('b', { cause: { headers: [PLANTED] } }) }),
    ],
    ['in one of several errors', new AggregateError([new Error(PLANTED)], 'several')],
  ])('%s of an error', async (_, error) => {
    await failureOf(Promise.reject(error)).catch(() => undefined);
    expect(takeLeaks()).toEqual(['an error shows the planted-token']);
  });

  test('in an event', () => {
    capture('an event', [{ type: 'warning', message: `deep in ${PLANTED}` }]);
    expect(takeLeaks()).toEqual(['an event shows the planted-token']);
  });

  test('in what the command prints', async () => {
    const run = await runCli(['push', 'a/b', 'oci:x', '--tar-layout', secret('planted word')]);
    expect(run.code).toBe(2);
    expect(takeLeaks()).toEqual(['argv shows the planted-word', 'stderr shows the planted-word']);
  });

  test('but not the session in a journal that another process is replacing', async () => {
    const folder = await tempFolder();
    const journal = `{\n  "location": "https://r/${PLANTED}",\n}\n`;
    const captureFiles = await watchFolders([folder]);
    const writing = Array.from({ length: 300 }, (_, at) =>
      writeAtomically(
        join(folder, `state-${at % 10}.json`),
        Buffer.from(journal),
        0o600,
        systemProcesses.self,
      ),
    );
    for (let look = 0; look < 30; look += 1) await captureFiles();
    await Promise.all(writing);
    expect(takeLeaks()).toEqual([]);
  });

  test('in a file that is left, but not in one that was there', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'auth.json'), PLANTED);
    const captureFiles = await watchFolders([folder]);
    await writeFile(join(folder, 'state.json'), PLANTED);
    await captureFiles();
    expect(takeLeaks()).toEqual([`${join(folder, 'state.json')} shows the planted-token`]);
  });
});

test.fails('and without being asked for: this test fails at its end', () => {
  capture('a test', PLANTED);
});

describe('a secret that could not be found is refused', () => {
  test('as a token of the Hub', async () => {
    await expect(startFakeHub({ tokens: { hf_plain: { user: 'ada' } } })).rejects.toThrow('secret()');
  });

  test('as a password of the registry', async () => {
    const auth = { kind: 'basic', username: 'ada', password: 'plain' } as const;
    await expect(startFakeRegistry({ auth })).rejects.toThrow('secret()');
  });

  test.each(['HF_TOKEN', 'OCI_PASSWORD'])('in %s', async (name) => {
    await expect(runCli(['--version'], { env: { [name]: 'plain' } })).rejects.toThrow(name);
  });
});

test('signed URLs, registry tokens and upload states carry secrets that are found', async () => {
  const files = { 'a.bin': synthetic({ size: 10 }) };
  const hub = await startFakeHub({ repos: [{ id: 'acme/a', files }] });
  onTestFinished(() => hub.close());
  const registry = await startFakeRegistry({
    auth: { kind: 'bearer', username: 'ada', password: secret('password'), refreshTokens: 'issued' },
    personality: 'dist28',
  });
  onTestFinished(() => registry.close());
  const ada = Buffer.from(`ada:${secret('password')}`).toString('base64');
  const scope = 'scope=repository:a/b:pull,push';
  const signed = await rawRequest(`${hub.endpoint}/acme/a/resolve/main/a.bin`);
  const tokens = await rawRequest(`${registry.origin}/token?${scope}`, {
    headers: { authorization: `Basic ${ada}` },
  });
  const { token } = JSON.parse(tokens.text);
  const upload = await rawRequest(`${registry.origin}/v2/a/b/blobs/uploads/`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-length': '0' },
  });
  expect(secretsIn(signed.headers.location ?? '')).toEqual(
    expect.arrayContaining(['cdn-policy in base64', 'cdn-signature in base64']),
  );
  expect(secretsIn(tokens.text)).toEqual(['registry-token', 'refresh-token']);
  expect(secretsIn(upload.headers.location ?? '')).toEqual(['upload-state in base64']);
});
