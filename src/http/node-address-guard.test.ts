import type { LookupAddress } from 'node:dns';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { httpServer, type RawServer } from '../../test/support/raw-server.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { createAddressGuard } from './node-address-guard.ts';
import { createNodeTransport } from './node-http.ts';
import type { Lookup } from './node-lookup.ts';
import { withRedirects } from './redirect.ts';
import { type HttpRequest, readText } from './transport.ts';

const PUBLIC = '93.184.216.34';
const PRIVATE = '10.0.0.6';

/** The addresses of names: one list for each lookup in turn; the last one stays. */
function names(book: Readonly<Record<string, readonly string[]>>): Lookup {
  const asked = new Map<string, number>();
  return (host, _, callback) => {
    const nth = asked.get(host) ?? 0;
    asked.set(host, nth + 1);
    const answers = book[host];
    if (answers === undefined)
      return callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), []);
    const addresses = (answers[nth] ?? answers.at(-1) ?? '').split(' ');
    callback(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

/** Connects to `url`, and returns its address. */
async function connect(
  guard: ReturnType<typeof createAddressGuard>,
  url: string,
  from?: string,
): Promise<string> {
  const lookup = await guard.check(url, from);
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    lookup(host, {}, (error, address) => (error ? reject(error) : resolve(String(address))));
  });
}

describe('a server with a public address', () => {
  const book = names({
    'r.test': [PUBLIC],
    'private.test': [PRIVATE],
    'both.test': [`${PUBLIC} ${PRIVATE}`],
  });
  const guarded = async (url: string) => {
    const guard = createAddressGuard('https://r.test', { lookup: book });
    await connect(guard, 'https://r.test/v2/');
    return failureOf(connect(guard, url));
  };

  test.each([
    'http://localhost:5000/',
    'http://localhost./',
    'http://registry.localhost/',
    'http://127.0.0.1/',
    'http://127.0.0.1./',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://100.100.100.200/latest/meta-data',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://[fd00:ec2::254]/',
  ])('never points us to %s', async (url) => {
    expect(await guarded(url)).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(
        /^cannot connect to http:.*: https:\/\/r\.test points there, and .* is an? .*address.*$/,
      ),
    });
  });

  test.each([
    ['private.test', 'has a private address'],
    ['both.test', 'has a private address beside a public one'],
  ])('never points us to %s, which %s', async (host) => {
    expect((await guarded(`https://${host}/up?state=1`)).message).toBe(
      `cannot connect to https://${host}: https://r.test points there, and ${PRIVATE} is a private address`,
    );
  });

  test('may point to other servers with public addresses', async () => {
    const guard = createAddressGuard('https://r.test', {
      lookup: names({ 'cdn.test': [PUBLIC], '1.1.1.1': ['1.1.1.1'] }),
    });
    expect(await connect(guard, 'https://cdn.test/x')).toBe(PUBLIC);
    expect(await connect(guard, 'https://1.1.1.1/x')).toBe('1.1.1.1');
  });

  test('never points us to a name that resolves to a public address first, and to a private one later', async () => {
    const guard = createAddressGuard('https://r.test', {
      lookup: names({ 'r.test': [PUBLIC], 'cdn.test': [PUBLIC, PRIVATE] }),
    });
    expect(await connect(guard, 'https://cdn.test/1')).toBe(PUBLIC);
    await failureOf(connect(guard, 'https://cdn.test/2', 'https://cdn.test/1'));
  });

  test('stays public if its name resolves to a private address later', async () => {
    const guard = createAddressGuard('https://r.test', {
      lookup: names({ 'r.test': [PUBLIC, PRIVATE], 'private.test': [PRIVATE] }),
    });
    expect(await connect(guard, 'https://r.test/')).toBe(PUBLIC);
    expect(await connect(guard, 'https://r.test/')).toBe(PRIVATE);
    await failureOf(connect(guard, 'https://private.test/'));
  });
});

describe('a server with a private address', () => {
  const book = names({ 'r.test': [PRIVATE], 'private.test': [PRIVATE], 'cdn.test': [PUBLIC] });

  test.each(['https://r.test', 'https://localhost:5000', 'https://192.168.1.1', 'https://[::1]:5000'])(
    'may point to another: %s',
    async (home) => {
      expect(await connect(createAddressGuard(home, { lookup: book }), 'https://private.test/')).toBe(
        PRIVATE,
      );
      expect(await createAddressGuard(home, { lookup: book }).check('https://10.0.0.5/')).toBeTypeOf(
        'function',
      );
    },
  );

  test.each<[may: string, home: string, ...urls: string[]]>([
    [
      'also to the same',
      'https://r.test',
      'https://192.168.1.1/',
      'https://172.17.0.2/',
      'https://[fd00::1]/',
    ],
    ['also to an address for tests', 'https://r.test', 'https://198.18.0.7/'],
    ['to this machine from this machine', 'http://localhost:5000', 'http://127.0.0.1:5001/', 'http://[::1]/'],
    ['to the network from this machine', 'https://127.0.0.1', 'https://10.0.0.5/', 'https://private.test/'],
    ['to its link from its link', 'https://169.254.7.1', 'https://169.254.7.2/', 'https://10.0.0.5/'],
    ['only in a VPN that answers names so', 'https://198.18.0.5', 'https://198.18.0.6/'],
  ])('may point %s: %s', async (_, home, ...urls) => {
    const guard = createAddressGuard(home, { lookup: book });
    for (const url of urls) {
      const lookup = await guard.check(url);
      expect(lookup).toBeTypeOf('function');
    }
  });

  test.each<[never: string, home: string, ...urls: string[]]>([
    ['to this machine', 'https://r.test', 'http://127.0.0.1/', 'http://localhost:5001/', 'http://[::1]/'],
    ['to a metadata service', 'https://r.test', 'http://169.254.169.254/', 'http://[fd00:ec2::254]/'],
    ['to a metadata service, from this machine', 'http://localhost:5000', 'http://169.254.169.254/'],
    ['to a private network, from an address for tests', 'https://198.18.0.5', 'https://10.0.0.5/'],
  ])('never points us %s: %s', async (_, home, ...urls) => {
    const guard = createAddressGuard(home, { lookup: book });
    for (const url of urls) expect((await failureOf(guard.check(url))).code).toBe('UNSUPPORTED');
  });

  test('never points us to a name with an address of this machine, or one beside a private address', async () => {
    const lookup = names({
      'r.test': [PRIVATE],
      'here.test': ['127.0.0.1'],
      'two.test': [`${PRIVATE} 127.0.0.1`],
    });
    for (const name of ['here.test', 'two.test']) {
      const guard = createAddressGuard('https://r.test', { lookup });
      expect(await failureOf(connect(guard, `https://${name}/`))).toMatchObject({
        code: 'UNSUPPORTED',
        message: `cannot connect to https://${name}: https://r.test points there, and 127.0.0.1 is an address of this machine`,
      });
    }
  });

  test('may point to another after a name server failed to answer once', async () => {
    let isSilent = true;
    const guard = createAddressGuard('https://r.test', {
      lookup(host, options, callback) {
        if (host !== 'r.test' || !isSilent) return book(host, options, callback);
        callback(Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN' }), []);
      },
    });
    expect(await failureOf(connect(guard, 'https://private.test/'))).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'cannot look up r.test: the name server did not answer',
    });
    isSilent = false;
    expect(await connect(guard, 'https://r.test/')).toBe(PRIVATE);
    expect(await connect(guard, 'https://private.test/')).toBe(PRIVATE);
  });

  test('may point to another if it has a public address too, as in networks with private IPv4 and global IPv6', async () => {
    const dual = names({ 'r.test': [`${PRIVATE} 2a00::1`, PRIVATE], 'private.test': [PRIVATE] });
    const guard = createAddressGuard('https://r.test', { lookup: dual });
    for (let connection = 0; connection < 3; connection += 1) {
      await connect(guard, 'https://r.test/');
      expect(await connect(guard, 'https://private.test/')).toBe(PRIVATE);
    }
  });

  test('may not point to another once its name was public alone', async () => {
    const changing = names({ 'r.test': [`${PRIVATE} 2a00::1`, PUBLIC], 'private.test': [PRIVATE] });
    const guard = createAddressGuard('https://r.test', { lookup: changing });
    for (let connection = 0; connection < 2; connection += 1) await connect(guard, 'https://r.test/');
    expect((await failureOf(connect(guard, 'https://private.test/'))).code).toBe('UNSUPPORTED');
  });

  test('may not reach another by way of a public server', async () => {
    const guard = createAddressGuard('https://r.test', { lookup: book });
    expect(await connect(guard, 'https://cdn.test/')).toBe(PUBLIC);
    await failureOf(connect(guard, 'https://private.test/', 'https://cdn.test/'));
    // A connection that was kept alive since the private server pointed there is not used either.
    expect(await connect(guard, 'https://private.test/')).toBe(PRIVATE);
    await failureOf(guard.check('https://private.test/', 'https://cdn.test/'));
  });
});

test('the server that the user named may have any address, and so may a server that no other pointed to', async () => {
  const book = names({ 'r.test': [PUBLIC, PRIVATE] });
  const guard = createAddressGuard('https://r.test', { lookup: book });
  await connect(guard, 'https://r.test/');
  expect(await connect(guard, 'https://r.test/', 'https://cdn.test/')).toBe(PRIVATE);
  expect(
    await connect(
      createAddressGuard(undefined, { lookup: names({ 'x.test': [PRIVATE] }) }),
      'http://x.test/',
    ),
  ).toBe(PRIVATE);
});

describe('behind a proxy', () => {
  test('no name is looked up, and private addresses in URLs are still refused', async () => {
    const asked: string[] = [];
    const guard = createAddressGuard('https://r.test', {
      lookup: (host) => asked.push(host),
      isProxied: async () => true,
    });
    await guard.check('https://private.test/');
    await failureOf(guard.check('https://10.0.0.6/'));
    expect(asked).toEqual([]);
  });

  test('a private registry that is reached without it may point to a private address that is not', async () => {
    const guard = createAddressGuard('https://r.test', {
      lookup: names({ 'r.test': [PRIVATE] }),
      isProxied: async (url) => !url.startsWith('https://r.test'),
    });
    expect(await guard.check('https://10.0.0.5/service/token')).toBeTypeOf('function');
    await failureOf(guard.check('https://10.0.0.7/', 'https://cdn.test/'));
  });
});

test('an unknown name fails with the error of the lookup', async () => {
  const guard = createAddressGuard('https://r.test', { lookup: names({}) });
  await expect(connect(guard, 'https://nowhere.test/')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

describe('a redirect over real connections', () => {
  let server: RawServer;
  let asked: string[];
  beforeEach(async () => {
    asked = [];
    server = await httpServer(({ url = '', headers }, response) => {
      asked.push(`${headers.host?.replace(/:\d+$/, '')}${url}`);
      const onwards = { location: `http://files.test:${server.port}/2` };
      if (url === '/1') response.writeHead(302, onwards).end();
      else response.end('fine');
    });
  });

  async function ask(home: string, more: Partial<HttpRequest> = {}): Promise<string> {
    const local = names({ 'files.test': ['127.0.0.1'], 'private.test': ['127.0.0.1'] });
    const { send, close } = createNodeTransport({ home: { origin: home }, lookup: local });
    onTestFinished(close);
    const url = `http://private.test:${server.port}/1`;
    return readText(await withRedirects(5)(send)({ method: 'GET', url, ...more }));
  }

  test.each([[{}], [{ reusesMemory: true as const }]])(
    'to a name with a private address is followed from one with a private address: %o',
    async (more) => {
      expect(await ask(`http://private.test:${server.port}`, more)).toBe('fine');
      expect(asked).toEqual(['private.test/1', 'files.test/2']);
    },
  );

  test.each([[{}], [{ reusesMemory: true as const }]])(
    'to a name with a private address, from a public server, is refused before a connection is made: %o',
    async (more) => {
      const error = await failureOf(ask(`http://${PUBLIC}`, more));
      expect(error).toMatchObject({
        code: 'UNSUPPORTED',
        message: `cannot connect to http://private.test:${server.port}: http://${PUBLIC} points there, and 127.0.0.1 is an address of this machine`,
        hint: expect.stringContaining('only a server on this machine'),
      });
      expect(asked).toEqual([]);
    },
  );
});
