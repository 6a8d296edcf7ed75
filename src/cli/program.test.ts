import { describe, expect, test } from 'vitest';
import { parsedWords } from '../../test/support/parsed-words.ts';
import { namesOf, takesValue } from './flag.ts';
import { COMMANDS } from './flags.ts';
import { PUSH_FLAGS } from './push-flags.ts';

describe('what other tools call a flag', () => {
  test.each([
    ['--tag v1', { targetTag: 'v1' }],
    ['-t v1', { targetTag: 'v1' }],
    ['-tv1', { targetTag: 'v1' }],
    ['--tag=v1', { targetTag: 'v1' }],
    ['--tag v1 -t v2 --target-tag v2', { targetTag: 'v1,v2,v2' }],
    ['--revision v2', { hfRevision: 'v2' }],
    ['--include *.json --include *.md', { allowPatterns: ['*.json', '*.md'] }],
    ['--include *.json --allow-patterns *.md', { allowPatterns: ['*.json', '*.md'] }],
    ['--allow-patterns *.json --include *.md', { allowPatterns: ['*.json', '*.md'] }],
    ['--exclude *.bin', { ignorePatterns: ['*.bin'] }],
    ['-q', { quiet: true }],
    ['-v', { verbose: true }],
    ['--debug', { verbose: true }],
    ['-j 4', { workers: '4' }],
    ['--jobs=4', { workers: '4' }],
    ['--max-workers 4', { workers: '4' }],
    ['--cacert ca.pem', { caFile: 'ca.pem' }],
    ['--dest-authfile auth.json', { authfile: 'auth.json' }],
    ['--tls-verify=false', { tlsVerify: false }],
    ['--dest-tls-verify=false', { tlsVerify: false }],
    ['--tls-verify=0', { tlsVerify: false }],
    ['--tls-verify', { tlsVerify: true }],
    ['--tls-verify=true', { tlsVerify: true }],
    ['--plain-http', { plainHttp: true }],
    ['--to-plain-http=true', { plainHttp: true }],
    ['--plain-http=false', { plainHttp: false }],
    ['--insecure=true', { insecure: true }],
    ['-force', { force: true }],
    ['-tag v1', { targetTag: 'v1' }],
    ['-workers=4', { workers: '4' }],
    ['-quiet=true', { quiet: true }],
    ['-j4', { workers: '4' }],
    ['-qv', { quiet: true, verbose: true }],
  ])('%s', async (line, expected) => {
    const words = await parsedWords('push', ...line.split(' '), 'acme/llama', 'ghcr.io/acme/llama');
    expect(words).toMatchObject({ ...expected, model: 'acme/llama', reference: 'ghcr.io/acme/llama' });
  });

  test('leaves what follows -- alone', async () => {
    const words = await parsedWords('push', '--', '--tls-verify=false', '-t');
    expect(words).toMatchObject({ model: '--tls-verify=false', reference: '-t' });
    expect(words).not.toHaveProperty('tlsVerify');
  });

  test('a switch that the user did not give is not set, so that its variable counts', async () => {
    const words = await parsedWords('push', 'acme/llama', 'ghcr.io/acme/llama');
    expect(Object.keys(words).sort()).toEqual(['model', 'reference']);
  });
});

test('every alias of every flag sets that flag, in each command that has it', async () => {
  let tried = 0;
  for (const [command, { flags }] of Object.entries(COMMANDS)) {
    for (const [key, flag] of Object.entries(flags)) {
      for (const name of namesOf(flag).slice(1)) {
        const words = await parsedWords(command, name, ...(takesValue(flag) ? ['x'] : []));
        expect(words[key]).toEqual(flag.list ? ['x'] : takesValue(flag) ? 'x' : true);
        tried += 1;
      }
    }
  }
  expect(tried).toBeGreaterThan(20);
});

test('no two flags of a command share a name', () => {
  const names = Object.values(PUSH_FLAGS).flatMap(namesOf);
  expect(new Set(names).size).toBe(names.length);
});

describe('an argument too many', () => {
  test.each([
    [
      ['push', 'acme/llama', 'ghcr.io/x/y', '--allow-patterns', 'a.json', 'b.json', 'c.json'],
      /^b\.json is one argument too many/,
      /quote it: --allow-patterns '\*\.json'/,
    ],
    [
      ['push', '--include', 'a.json', 'b.json', 'acme/llama', 'ghcr.io/x/y'],
      /^b\.json is one argument too many/,
      /quote it/,
    ],
    [['push', '--tls-verify', 'false', 'a/b', 'ghcr.io/x'], /^false is/, /--tls-verify=false/],
    [['push', 'a/b', 'ghcr.io', 'x'], /^x is one argument too many/, /push --help/],
    [['status', 'ghcr.io/x', 'y'], /^y is one argument too many/, /status --help/],
  ])('%j', async (line, message, hint) => {
    const failure = parsedWords(...line);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringMatching(hint) });
  });
});

test.each([
  [['--allow-patterns', 'Text Encoder/'], { allowPatterns: ['Text Encoder/'] }],
  [['--allow-patterns', ' *.json , a b*,,'], { allowPatterns: ['*.json', 'a b*'] }],
  [['--ignore-patterns=x y', '--ignore-patterns', 'z'], { ignorePatterns: ['x y', 'z'] }],
  [['--also-tag', 'v1 v2,v3', '--also-tag', 'v4'], { alsoTag: ['v1', 'v2', 'v3', 'v4'] }],
])('a space belongs to a pattern, and separates tags: %j', async (flags, expected) => {
  expect(await parsedWords('push', ...flags)).toEqual(expected);
});
