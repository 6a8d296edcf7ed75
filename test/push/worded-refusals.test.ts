import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/core/error.ts';
import type { Fault } from '../fakes/registry/faults.ts';
import { FILE, scenario } from '../support/push-scenario.ts';
import { failureOf } from '../support/rejection.ts';
import { secret } from '../support/secrets.ts';

const ALWAYS = Number.POSITIVE_INFINITY;
const ada = { username: 'ada', password: secret('password') };
const denied = (message: string) => JSON.stringify({ errors: [{ code: 'DENIED', message }] });

/** A registry's answer is read for its meaning, whichever request it is the answer to. */
const MEANINGS: readonly [what: string, status: number, body: string, code: ErrorCode, hint: RegExp][] = [
  [
    'a quota of Harbor',
    403,
    denied(
      'adding 2.0 GiB of storage resource, which when updated to current usage of 9.1 GiB will exceed the configured upper limit of 10.0 GiB.',
    ),
    'REJECTED',
    /quota/,
  ],
  [
    'the read-only mode of Harbor',
    403,
    denied('The system is in read only mode. Any modification is prohibited.'),
    'UNAVAILABLE',
    /read-only mode/,
  ],
  [
    'the package settings of GitHub',
    403,
    'denied: permission_denied: write_package',
    'UNAUTHORIZED',
    /package/,
  ],
  [
    'a full disk of distribution',
    500,
    JSON.stringify({
      errors: [{ code: 'UNKNOWN', message: 'unknown error', detail: 'write /data: no space left on device' }],
    }),
    'REJECTED',
    /storage/,
  ],
  [
    'the network rules of Azure',
    403,
    denied(
      "client with IP '1.2.3.4' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
    ),
    'REJECTED',
    /address/,
  ],
];

describe.each(['upload-post', 'upload-patch', 'upload-put', 'manifest-put'] as const)(
  'in the answer to %s',
  (on) => {
    test.each(MEANINGS)(
      '%s ends the push at once with its own code and hint',
      async (_, status, body, code, hint) => {
        const faults: Fault[] = [{ on, times: ALWAYS, answer: { status, body, at: 'unstored' } }];
        const told = await scenario({ personality: 'dist3', faults });
        const error = await failureOf(told.push());
        expect(error).toMatchObject({ code, message: expect.stringContaining(`: ${status} `) });
        expect(error.hint).toMatch(hint);
        expect(error.hint).not.toMatch(/log in/i);
        // One answer says it: no other way of sending, no wait, no second body.
        expect(told.requests(on).filter((entry) => entry.status === status).length).toBe(1);
        expect([told.tags, told.clock.sleeps]).toEqual([{}, []]);
      },
    );
  },
);

describe('a quota', () => {
  const body = MEANINGS[0]?.[2] ?? '';

  test('at the commit of a layer does not renew the token, and the message names the file', async () => {
    const auth = { kind: 'bearer', ...ada } as const;
    const faults: Fault[] = [{ on: 'upload-put', times: ALWAYS, answer: { status: 403, body } }];
    const told = await scenario({ auth, credentials: ada, faults });
    const error = await failureOf(told.push());
    expect(error.message).toMatch(new RegExp(`^cannot push ${FILE} to [^ ]+/acme/llama: 403 DENIED: adding`));
    expect(told.requests('upload-put')).toHaveLength(1);
  });

  test('in a small layer ends the push after one request with a body', async () => {
    const faults: Fault[] = [
      { on: ['upload-post', 'upload-put'], times: ALWAYS, answer: { status: 403, body } },
    ];
    const told = await scenario({ files: { 'config.json': Buffer.from('{}') }, faults });
    expect((await failureOf(told.push())).code).toBe('REJECTED');
    expect(told.requests('upload-post')).toHaveLength(1);
  });
});

test('a push waits after a rate limit that comes as 403', async () => {
  const answer = { status: 403, body: denied('Rate exceeded'), headers: { 'retry-after': '7' } };
  for (const on of ['upload-post', 'upload-put', 'manifest-put'] as const) {
    const told = await scenario({ faults: [{ on, answer }] });
    const { manifestDigest } = await told.push();
    expect(told.tags).toEqual({ v1: manifestDigest });
    expect(told.clock.sleeps).toContain(7_000);
  }
});

test.each(['upload-post', 'upload-put', 'manifest-put'] as const)(
  'a rate limit that goes on in the answer to %s ends with the same code and hint as elsewhere',
  async (on) => {
    const told = await scenario({
      faults: [{ on, times: ALWAYS, answer: { status: 403, body: denied('Rate exceeded') } }],
      retries: 1,
    });
    expect(await failureOf(told.push())).toMatchObject({
      code: 'RATE_LIMITED',
      hint: 'Wait, then run the same command again.',
    });
  },
);

test('a blob that another upload has finished counts as pushed, though the registry calls it immutable', async () => {
  const body = JSON.stringify({
    errors: [{ code: 'BLOB_UPLOAD_INVALID', message: 'docker-hosted/v2/-/blobs/sha256:1 cannot be updated' }],
  });
  const told = await scenario({
    faults: [{ on: 'upload-put', answer: { status: 400, body, at: 'stored' } }],
  });
  const { manifestDigest } = await told.push();
  expect(told.tags).toEqual({ v1: manifestDigest });
});

describe('a refusal names', () => {
  test.each(['basic', 'bearer'] as const)(
    'the account and its origin, never the password (%s)',
    async (kind) => {
      const wrong = { username: 'bar', password: secret('wrong password') };
      const told = await scenario({ auth: { kind, ...ada }, credentials: wrong });
      const { message, hint } = await failureOf(told.push());
      expect(message).toContain('as user "bar" (from the test): 401');
      expect(hint).toContain('Check the password');
    },
  );

  test('the account that may not push', async () => {
    const auth = { kind: 'bearer', ...ada, grants: () => ['pull'] } as const;
    const told = await scenario({ auth, credentials: ada });
    const { message, hint } = await failureOf(told.push());
    expect(message).toContain('as user "ada" (from the test): 401');
    expect(hint).toContain('Give the account the right to push');
  });

  test('that there is no account', async () => {
    const told = await scenario({ auth: { kind: 'basic', ...ada } });
    const { message, hint } = await failureOf(told.push());
    expect(message).toContain('without an account: 401');
    expect(hint).toMatch(/^Log in with docker/);
  });

  test('no user if the name is the secret as well', async () => {
    const token = secret('a token for both');
    const told = await scenario({
      auth: { kind: 'basic', ...ada },
      credentials: { username: token, password: token },
    });
    expect((await failureOf(told.push())).message).toContain('as the account (from the test): 401');
  });
});

describe('before anything is read, a registry', () => {
  test.each([
    'Client sent an HTTP request to an HTTPS server.',
    'The plain HTTP request was sent to HTTPS port',
  ])('that wants TLS ends the push with a hint to write https://: %s', async (body) => {
    const told = await scenario({ faults: [{ on: 'ping', times: ALWAYS, answer: { status: 400, body } }] });
    expect(await failureOf(told.push())).toMatchObject({
      code: 'UNSUPPORTED',
      hint: 'Write https:// in front of the registry.',
    });
    expect(told.model.opened(FILE)).toEqual([]);
  });
});

test('the error about a registry that keeps failing has the number of retries and their time', async () => {
  const faults: Fault[] = [{ on: 'upload-post', times: ALWAYS, answer: { status: 503 } }];
  const told = await scenario({ retries: 3, faults });
  expect((await failureOf(told.push())).message).toMatch(
    /^cannot push model\.safetensors to \S+: gave up after 3 retries in \d+s: 503/,
  );
});

test('a push does not suggest smaller chunks if a proxy refuses even small bodies', async () => {
  const faults: Fault[] = [{ on: ['PATCH', 'upload-put'], times: ALWAYS, bodyLimit: 1_000 }];
  const told = await scenario({ files: { 'config.json': Buffer.alloc(2_000) }, faults });
  const { message, hint } = await failureOf(told.push());
  expect(message).toMatch(/^cannot push config\.json to /);
  expect(hint).toContain('it refuses even small requests');
  expect(hint).not.toContain('chunk');
});
