import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/support/rejection.ts';
import { type AuthFile, type Found, findInAuthFile, parseAuthFile } from './auth-file.ts';

const PATH = '/home/ada/.docker/config.json';
const HUB_KEY = 'https://index.docker.io/v1/';

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function found(content: unknown, host = 'r.test', repository = 'acme/llama'): Found | undefined {
  return findInAuthFile(parseAuthFile(JSON.stringify(content), PATH), host, repository);
}

async function parsed(content: string): Promise<AuthFile> {
  return parseAuthFile(content, PATH);
}

/** A file with an account for each key, whose password is that key. */
function accountsFor(keys: readonly string[]): unknown {
  return { auths: Object.fromEntries(keys.map((key) => [key, { auth: base64(`ada:${key}`) }])) };
}

function keyOf(what: Found | undefined): string | undefined {
  return what?.kind === 'account' ? what.password : undefined;
}

describe('the entry for acme/llama on r.test', () => {
  test.each<[fact: string, keys: string[], winner: string]>([
    ['of its host', ['r.test'], 'r.test'],
    ['of its host, among others', ['a.test', 'r.test', 'z.test'], 'r.test'],
    ['of its namespace', ['r.test/acme'], 'r.test/acme'],
    ['of itself', ['r.test/acme/llama'], 'r.test/acme/llama'],
    [
      'with the longest path, written last',
      ['r.test', 'r.test/acme', 'r.test/acme/llama'],
      'r.test/acme/llama',
    ],
    [
      'with the longest path, written first',
      ['r.test/acme/llama', 'r.test/acme', 'r.test'],
      'r.test/acme/llama',
    ],
    ['of its host where the paths are of others', ['r.test/ac', 'r.test/acme/llama2', 'r.test'], 'r.test'],
    ['with a slash at its end', ['r.test/acme/'], 'r.test/acme/'],
    ['with https://', ['https://r.test'], 'https://r.test'],
    ['with http://', ['http://r.test/'], 'http://r.test/'],
    ['with the path of the old API', ['https://r.test/v1/'], 'https://r.test/v1/'],
    ['with the path of the API', ['https://r.test/v2/'], 'https://r.test/v2/'],
    ['that is exactly its host, before one with a scheme', ['https://r.test/v1/', 'r.test'], 'r.test'],
  ])('is the one %s', (_, keys, winner) => {
    expect(keyOf(found(accountsFor(keys)))).toBe(winner);
  });

  test.each<[fact: string, key: string]>([
    ['another host', 'other.test'],
    ['a host that begins like it', 'r.test.evil.example'],
    ['a host that it begins like', 'r.tes'],
    ['a host that ends like it', 'evilr.test'],
    ['a domain below it', 'sub.r.test'],
    ['the domain above it', 'test'],
    ['the same host on a port', 'r.test:5000'],
    ['the same host on the port of TLS', 'r.test:443'],
    ['a URL of another host with its name in the path', 'https://evil.example/r.test'],
    ['a URL of another host with its name as the user', 'https://r.test@evil.example/'],
    ['a URL of a host that begins like it', 'https://r.test.evil.example/v2/'],
    ['a path of another host with its name', 'evil.example/r.test'],
    ['a namespace that begins like its own', 'r.test/acm'],
    ['a namespace that its own begins like', 'r.test/acme2'],
    ['a repository below it', 'r.test/acme/llama/gguf'],
    ['nothing', ''],
    ['a slash', '/'],
    ['a scheme', 'https://'],
  ])('is never that of %s', (_, key) => {
    expect(found(accountsFor([key]))).toBeUndefined();
  });

  test('is for its port and no other', () => {
    const content = accountsFor(['r.test', 'r.test:5000', 'r.test:5001/acme']);
    expect(keyOf(found(content, 'r.test:5000'))).toBe('r.test:5000');
    expect(keyOf(found(content, 'r.test:5001'))).toBe('r.test:5001/acme');
    expect(found(content, 'r.test:5001', 'other/llama')).toBeUndefined();
    expect(found(content, 'r.test:5002')).toBeUndefined();
  });
});

describe('Docker Hub', () => {
  const keys = ['docker.io', 'index.docker.io', 'registry-1.docker.io', HUB_KEY, 'https://docker.io'];

  test.each(keys)('is what %s means', (key) => {
    expect(keyOf(found(accountsFor([key]), 'docker.io'))).toBe(key);
    expect(keyOf(found(accountsFor([key]), 'index.docker.io'))).toBe(key);
    expect(keyOf(found(accountsFor([key]), 'registry-1.docker.io'))).toBe(key);
  });

  test.each(['hub.docker.io', 'docker.io.evil.example', 'https://evil.example/index.docker.io/v1/'])(
    'is not what %s means',
    (key) => {
      expect(found(accountsFor([key]), 'docker.io')).toBeUndefined();
    },
  );

  test('has namespaces too', () => {
    const content = accountsFor([HUB_KEY, 'docker.io/acme']);
    expect(keyOf(found(content, 'docker.io'))).toBe('docker.io/acme');
    expect(keyOf(found(content, 'docker.io', 'other/llama'))).toBe(HUB_KEY);
  });

  test("is logged in to under docker's own key, whatever else docker keeps beside it", () => {
    const content = accountsFor([`${HUB_KEY}access-token`, `${HUB_KEY}refresh-token`, HUB_KEY]);
    expect(keyOf(found(content, 'docker.io'))).toBe(HUB_KEY);
  });
});

describe('an entry', () => {
  test.each<[fact: string, entry: unknown, account: Found]>([
    [
      'splits at the first colon',
      { auth: base64('ada:pa:ss:') },
      { kind: 'account', username: 'ada', password: 'pa:ss:' },
    ],
    [
      'ends before the NULs that some tools append',
      { auth: base64('ada:secret\0\0') },
      { kind: 'account', username: 'ada', password: 'secret' },
    ],
    [
      'is UTF-8',
      { auth: base64('ada:pass wörd') },
      { kind: 'account', username: 'ada', password: 'pass wörd' },
    ],
    [
      'may have an empty password',
      { auth: base64('ada:') },
      { kind: 'account', username: 'ada', password: '' },
    ],
    [
      'may have both written out',
      { username: 'ada', password: 'se:cret' },
      { kind: 'account', username: 'ada', password: 'se:cret' },
    ],
    [
      'may hold an identity token, beside the name that auth has',
      { auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 'id' },
      { kind: 'identity', username: '00000000-0000-0000-0000-000000000000', identityToken: 'id' },
    ],
    [
      'may hold an identity token, beside the name written out',
      { username: 'ada', identitytoken: 'id' },
      { kind: 'identity', username: 'ada', identityToken: 'id' },
    ],
    ['may hold a registry token alone', { registrytoken: 'rt' }, { kind: 'bearer', token: 'rt' }],
    [
      'has a use for the registry token first',
      { auth: base64('ada:secret'), identitytoken: 'id', registrytoken: 'rt' },
      { kind: 'bearer', token: 'rt' },
    ],
    [
      'may say more than we know of',
      { auth: base64('ada:secret'), email: 'ada@example.com' },
      { kind: 'account', username: 'ada', password: 'secret' },
    ],
  ])('%s', (_, entry, account) => {
    expect(found({ auths: { 'r.test': entry } })).toEqual(account);
  });

  test.each<[fact: string, entry: unknown]>([
    ['is empty', {}],
    ['is null', null],
    ['has only empty texts', { auth: '', username: '', password: '', identitytoken: '', registrytoken: '' }],
    ['has a password and no user', { password: 'secret' }],
    ['has base64 without a colon', { auth: base64('ada') }],
    ['is not base64', { auth: '%%%' }],
    ['has what should be base64 written out', { auth: 'ada:secret' }],
  ])('that %s is passed over for a shorter path', (_, entry) => {
    const shorter = { auth: base64('ada:shorter') };
    expect(found({ auths: { 'r.test/acme': entry } })).toBeUndefined();
    expect(keyOf(found({ auths: { 'r.test/acme': entry, 'r.test': shorter } }))).toBe('shorter');
  });
});

describe('a helper', () => {
  const auths = { 'r.test': { auth: base64('ada:secret') } };

  test('of the host is asked before all else', () => {
    const content = { auths, credHelpers: { 'r.test': 'ecr' }, credsStore: 'desktop' };
    expect(found(content)).toEqual({ kind: 'helper', name: 'ecr', server: 'r.test', expected: true });
  });

  test.each(['r.test.evil.example', 'r.tes', 'r.test:5000', 'r.test/acme', 'sub.r.test'])(
    'of %s is not the one of r.test',
    (key) => {
      expect(found({ auths, credHelpers: { [key]: 'ecr' } })).toMatchObject({ kind: 'account' });
    },
  );

  test('of all hosts is asked after an account that the file has itself', () => {
    expect(found({ auths, credsStore: 'desktop' })).toMatchObject({ kind: 'account' });
  });

  test.each([
    ['only marks that there is something', { auths: { 'r.test': {} } }, true],
    ['is missing', {}, false],
    ['is of another host', { auths: { 'other.test': { auth: base64('ada:secret') } } }, false],
  ])('of all hosts is asked where the entry %s', (_, content, expected) => {
    const helper = { kind: 'helper', name: 'desktop', server: 'r.test', expected };
    expect(found({ ...content, credsStore: 'desktop' })).toEqual(helper);
  });

  test('without a name is none', () => {
    expect(found({ credHelpers: { 'r.test': '' }, credsStore: '' })).toBeUndefined();
  });

  test.each([HUB_KEY, 'docker.io', 'index.docker.io', 'registry-1.docker.io'])(
    "of Docker Hub may be named for %s and hears docker's own key",
    (key) => {
      const helper = { kind: 'helper', name: 'pass', server: HUB_KEY, expected: true };
      expect(found({ credHelpers: { [key]: 'pass' } }, 'docker.io')).toEqual(helper);
    },
  );

  test("of all hosts hears docker's own key for Docker Hub", () => {
    const helper = { kind: 'helper', name: 'desktop', server: HUB_KEY, expected: false };
    expect(found({ credsStore: 'desktop' }, 'docker.io')).toEqual(helper);
  });
});

describe('a file', () => {
  test.each<[fact: string, content: unknown]>([
    ['with nothing', {}],
    ['of docker with no login', { auths: {}, HttpHeaders: { 'User-Agent': 'Docker' }, detachKeys: 'ctrl-e' }],
    ['with null for its parts', { auths: null, credHelpers: null, credsStore: null }],
    [
      'with null for a helper and in an entry',
      { auths: { 'r.test': { auth: null } }, credHelpers: { 'r.test': null } },
    ],
  ])('%s has nothing for anyone', (_, content) => {
    expect(found(content)).toBeUndefined();
  });

  test('with null for one part has the other', () => {
    expect(keyOf(found({ auths: { 'r.test': { auth: base64('ada:x') } }, credHelpers: null }))).toBe('x');
  });

  test('may begin with a byte order mark', async () => {
    const file = await parsed(`\ufeff${JSON.stringify(accountsFor(['r.test']))}`);
    expect(keyOf(findInAuthFile(file, 'r.test', 'acme/llama'))).toBe('r.test');
  });

  test.each(['constructor', 'toString', '__proto__'])(
    'has no helper for a host that is called %s',
    (host) => {
      expect(found({ auths: {}, credHelpers: {} }, host)).toBeUndefined();
    },
  );

  test.each<[fact: string, content: string]>([
    ['is empty', ''],
    ['is cut short', '{"auths":{"r.test":{"auth":"YWRhOmh1bnRlcjI"'],
    ['is something else', 'hunter2'],
    ['is a list', '["hunter2"]'],
    ['is a text', '"hunter2"'],
    ['is null', 'null'],
    ['has a list of accounts', '{"auths":["hunter2"]}'],
    ['has a text for an entry', '{"auths":{"r.test":"hunter2"}}'],
    ['has a number for auth', '{"auths":{"r.test":{"auth":7,"password":"hunter2"}}}'],
    ['has an object for a password', '{"auths":{"r.test":{"password":{"is":"hunter2"}}}}'],
    ['has a text for helpers', '{"credHelpers":"hunter2"}'],
    ['has a list for a helper', '{"credHelpers":{"r.test":["hunter2"]}}'],
    ['has an object for the helper of all hosts', '{"credsStore":{"name":"hunter2"}}'],
  ])('that %s is named in the error, which shows nothing of what is in it', async (_, content) => {
    const error = await failureOf(parsed(content));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(PATH);
    expect(inspect(error, { depth: Infinity })).not.toMatch(/hunter2|YWRh/);
  });
});
