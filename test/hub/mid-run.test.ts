import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type FakeHub, type FakeHubOptions, synthetic, text } from '../fakes/hub/fake-hub.ts';
import { type LocalPush, localPush } from '../support/local-push.ts';
import { failureOf } from '../support/rejection.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { everythingIn, SECRETS, TOKEN } from './hub-world.ts';

/** What changes at the Hub while a push is under way: nothing is tagged, and what was pushed is not pushed again. */

const MODEL = 'acme/tiny';
const SIZE = 1_000_000;
const CUT = 400_000;
/** Pushed in this order by one worker. */
const [FIRST, SECOND] = ['a.safetensors', 'b.safetensors'];

const files = {
  [FIRST]: synthetic({ size: SIZE }),
  [SECOND]: synthetic({ size: SIZE, seed: 2 }),
};
const options: FakeHubOptions = {
  repos: [{ id: MODEL, files }],
  tokens: { [TOKEN]: { user: 'jane', reads: [MODEL] } },
};

interface Setup extends LocalPush {
  run(): Promise<{ readonly manifestDigest: string }>;
  /** The layers of the last run, and how they came to the registry. */
  outcomes(): readonly string[];
}

/** A push that keeps a state file, and is cut in the middle of its second file after `change` has happened. */
async function changing(change: (hub: FakeHub) => void, token?: string): Promise<Setup> {
  const local = await localPush(options, { repositories: [MODEL] });
  const stateFile = join(await tempFolder(), 'state.json');
  const { hub } = local;
  const run = () => {
    change(hub);
    // The signed URL that it has would do for an hour.
    hub.expireUrls();
  };
  hub.addFault({ on: 'cdn', path: SECOND, kind: 'cut', afterBytes: CUT });
  hub.addFault({ on: 'cdn', path: SECOND, kind: 'run', run });
  let seen = 0;
  return {
    ...local,
    run() {
      seen = local.events.length;
      return local.push(MODEL, { stateFile, workers: 1, hub: token === undefined ? {} : { token } });
    },
    outcomes: () =>
      local.events
        .slice(seen)
        .flatMap((event) =>
          event.type === 'layer-done' ? [`${event.path.replace('models/', '')} ${event.outcome}`] : [],
        ),
  };
}

interface Change {
  readonly change: (hub: FakeHub) => void;
  readonly token?: string;
  readonly code: string;
  readonly hint: RegExp;
  /** After which the same command works. */
  readonly mend: (hub: FakeHub) => void;
}

const changes: readonly (readonly [fact: string, change: Change])[] = [
  [
    'the token is revoked',
    {
      token: TOKEN,
      change: (hub) => {
        hub.repo(MODEL).private = true;
        hub.setToken(TOKEN, undefined);
      },
      code: 'UNAUTHORIZED',
      hint: /token is not valid.*HF_TOKEN.*run the same command again/,
      mend: (hub) => hub.setToken(TOKEN, { user: 'jane', reads: [MODEL] }),
    },
  ],
  [
    'the model becomes private',
    {
      change: (hub) => {
        hub.repo(MODEL).private = true;
      },
      code: 'NOT_FOUND',
      hint: /acme\/tiny was there when the push began.*HF_TOKEN.*run the same command again/,
      mend: (hub) => {
        hub.repo(MODEL).private = false;
      },
    },
  ],
  [
    'the model becomes gated',
    {
      token: TOKEN,
      change: (hub) => {
        hub.repo(MODEL).gated = 'manual';
      },
      code: 'GATED',
      hint: /ask for access at .*\/acme\/tiny, then run the same command again/,
      mend: (hub) => {
        hub.repo(MODEL).gated = false;
      },
    },
  ],
  [
    'the model is disabled',
    {
      change: (hub) => {
        hub.repo(MODEL).disabled = true;
      },
      code: 'DISABLED',
      hint: /The Hub has disabled acme\/tiny/,
      mend: (hub) => {
        hub.repo(MODEL).disabled = false;
      },
    },
  ],
  [
    'the Hub says that the file is another one now',
    {
      change: (hub) => {
        const headers = { 'X-Linked-ETag': `"${'e'.repeat(64)}"` };
        hub.addFault({ on: 'resolve', path: SECOND, method: 'GET', kind: 'set-headers', headers });
      },
      code: 'CONTENT_MISMATCH',
      hint: /push again/i,
      mend: () => undefined,
    },
  ],
  [
    'the Hub says that the file has another size now',
    {
      change: (hub) => {
        const headers = { 'X-Linked-Size': '7' };
        hub.addFault({ on: 'resolve', path: SECOND, method: 'GET', kind: 'set-headers', headers });
      },
      code: 'CONTENT_MISMATCH',
      hint: /push again/i,
      mend: () => undefined,
    },
  ],
];

describe('when in the middle of a file', () => {
  test.each(changes)('%s, nothing is tagged, and the next run goes on', async (_, row) => {
    const { hub, registry, events, run, outcomes } = await changing(row.change, row.token);
    const error = await failureOf(run());
    expect(error).toMatchObject({
      code: row.code,
      message: expect.stringContaining(SECOND),
      hint: expect.stringMatching(row.hint),
    });
    expect(everythingIn(error)).not.toMatch(SECRETS);
    expect(registry.tags(MODEL).size).toBe(0);
    expect(outcomes()).toEqual([`${FIRST} uploaded`]);
    // The cut and the URL that was over: what the Hub refuses then is not asked for again.
    const retries = events.filter((event) => event.type === 'layer-retrying' && event.side === 'hub');
    expect(retries.length).toBe(2);
    row.mend(hub);
    const { manifestDigest } = await run();
    expect(registry.tags(MODEL).get('v1')).toBe(manifestDigest);
    expect([...outcomes()].sort()).toEqual([`${FIRST} existed`, `${SECOND} uploaded`]);
    expect(hub.requests({ on: 'cdn', file: FIRST }).length).toBe(1);
  });

  test('the commit is dropped by a forced push, the error says so, and the next run pushes the new one', async () => {
    const change = (hub: FakeHub) =>
      void hub.forcePush(MODEL, 'main', { ...files, 'config.json': text('{}') });
    const { registry, run, outcomes } = await changing(change);
    const error = await failureOf(run());
    expect(error).toMatchObject({
      code: 'REVISION_NOT_FOUND',
      message: expect.stringContaining(SECOND),
      hint: expect.stringMatching(/dropped this commit.*run the same command again/),
    });
    expect(registry.tags(MODEL).size).toBe(0);
    const { manifestDigest } = await run();
    expect(registry.tags(MODEL).get('v1')).toBe(manifestDigest);
    expect(outcomes()).toContain(`${SECOND} uploaded`);
  });

  test('the branch moves on, the push ends in the image of the commit that it began with', async () => {
    const change = (hub: FakeHub) => void hub.moveBranch(MODEL, 'main', { 'other.bin': text('x') });
    const { registry, run, layers } = await changing(change);
    const { manifestDigest } = await run();
    expect(registry.tags(MODEL).get('v1')).toBe(manifestDigest);
    expect(layers(MODEL).length).toBe(2);
  });
});
