import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capture } from '../../test/support/captures.ts';
import { parsedWords } from '../../test/support/parsed-words.ts';
import { secret } from '../../test/support/secrets.ts';
import { ModelcarError } from '../index.ts';
import { namesOf } from './flag.ts';
import { COMMANDS } from './flags.ts';
import { COMMAND_HABITS, commandHabit, OPTION_HABITS } from './habits.ts';
import { toPushOptions } from './options.ts';
import { PUSH_FLAGS } from './push-flags.ts';
import { usageMessage } from './usage-message.ts';

/** What is shown for a command line that is refused. */
async function said(...line: readonly string[]): Promise<{ message: string; hint: string }> {
  const failure: unknown = await parsedWords(...line)
    .then((words) => (line[0] === 'push' ? toPushOptions(words, {}, { home: '/', uid: 1 }) : undefined))
    .catch((error: unknown) => error);
  const usage = usageMessage(failure, line[0]);
  const shown = usage ?? (failure instanceof ModelcarError ? failure : undefined);
  if (shown === undefined) return { message: '', hint: '' };
  capture('what is said of a command line', `${shown.message}\n${shown.hint}`);
  return { message: shown.message, hint: shown.hint ?? '' };
}

describe('an option of another tool gets an error that says what to do', () => {
  test.each([
    ['push --format json', "unknown option '--format'", 'For JSON add --json.'],
    ['status --format json', "unknown option '--format'", 'For JSON add --json.'],
    ['status --log-style json', "unknown option '--log-style'", 'For JSON add --json.'],
    ['validate --output json', "unknown option '--output'", 'For JSON add --json.$'],
    ['completion --format json', "unknown option '--format'", 'completion --help'],
    ['completion --json', 'completion has no --json', 'Leave it out'],
    ['help --json', 'help has no --json', 'Leave it out'],
    ['push --output json', "unknown option '--output'", 'oci:FOLDER'],
    ['push --creds x:y', "unknown option '--creds': other users", 'OCI_USERNAME and OCI_PASSWORD'],
    ['push --dest-creds=x:y', "unknown option '--dest-creds': other users", 'OCI_USERNAME and OCI_PASSWORD'],
    ['push --to-password x', "unknown option '--to-password': other users", 'OCI_USERNAME and OCI_PASSWORD'],
    ['push -u x -p y', "unknown option '-u'", 'OCI_USERNAME and OCI_PASSWORD'],
    ['push --password-stdin', "unknown option '--password-stdin'", 'OCI_PASSWORD'],
    ['push --token x', "unknown option '--token': other users", 'HF_TOKEN'],
    ['push --dest-cert-dir d', "unknown option '--dest-cert-dir'", '--ca-file'],
    ['push --all', "unknown option '--all': a push makes one image", 'Leave it out.'],
    ['push --retry-times 3', "unknown option '--retry-times'", '--oci-max-retries'],
    ['push --api-key x', "unknown option '--api-key': other users", 'OCI_PASSWORD'],
    ['push --force=yes', '--force takes no value', 'Leave out the value'],
    ['push --tls-verify=perhaps', '--tls-verify takes no value', 'Leave out the value'],
    ['status --workers 2', 'status has no --workers', 'belongs to push'],
    ['--quiet push a/b', '--quiet comes before the command', 'oci-modelcar push --quiet'],
    ['-v', '-v comes before the command', '-V prints the version'],
    ['push --no-verbose', "unknown option '--no-verbose'", 'push --help'],
    ['push --worker 2', "unknown option '--worker' (Did you mean --workers?)", 'push --help'],
  ])('%s', async (line, message, hint) => {
    const shown = await said(...line.split(' '));
    expect(shown.message.startsWith(message), shown.message).toBe(true);
    expect(shown.hint).toMatch(new RegExp(hint));
  });

  test('and never suggests an option that may do more than the user meant', async () => {
    for (const slip of [
      '--forced',
      '--forc',
      '--insecur',
      '--plain-htt',
      '--tls-verifi',
      '--continue-on-err',
    ])
      expect((await said('push', slip)).message).toBe(`unknown option '${slip}'`);
  });
});

describe('a command of another tool gets an error with our equivalent', () => {
  test.each([
    ...[
      'inspect ghcr.io/x/y',
      'ls',
      'list',
      'tags',
      'pull a/b',
      'delete',
      'copy a b',
      'login ghcr.io',
      'version',
    ],
    ...['plan', 'upload', 'resume', 'verify'],
  ])('%s', async (line) => {
    const [command = ''] = line.split(' ');
    expect(await said(...line.split(' '))).toEqual({
      message: `unknown command '${command}'`,
      hint: commandHabit(command)?.hint,
    });
    expect(commandHabit(command)?.hint).not.toBe(undefined);
  });

  test('a typo gets the similar command', async () => {
    expect((await said('psuh')).message).toBe("unknown command 'psuh' (Did you mean push?)");
  });

  test('a model without a command gets the command', async () => {
    expect((await said('acme/llama', 'ghcr.io/x')).hint).toContain('push org/model registry/repository');
  });

  test('no habit has the name of one of our commands', () => {
    for (const name of Object.keys(COMMANDS)) expect(commandHabit(name)).toBe(undefined);
  });
});

test('a hint names only options and commands that exist', () => {
  const ours = new Set([...Object.values(PUSH_FLAGS).flatMap(namesOf), '--version', '--json']);
  for (const [, { hint }] of [...OPTION_HABITS, ...COMMAND_HABITS]) {
    const own = hint.replace(/(skopeo|cosign|podman) [\w-]+( --[\w-]+)*/g, '');
    for (const [name] of own.matchAll(/--[a-z-]+/g)) expect(ours).toContain(name);
    for (const [, command] of own.matchAll(/oci-modelcar ([a-z]+)/g))
      expect([...Object.keys(COMMANDS), 'only']).toContain(command);
  }
});

describe('a secret in the command line is not repeated', () => {
  const SECRET_OPTIONS = [
    ...[
      '--token',
      '--creds',
      '--dest-creds',
      '--src-creds',
      '--password',
      '--to-password',
      '--from-password',
    ],
    ...[
      '-p',
      '-u',
      '--username',
      '--identity-token',
      '--registry-token',
      '--hf-token',
      '--api-key',
      '--secret',
    ],
    ...['--oauth-token', '--passwd', '--credz', '--access_token', '--x.token'],
  ];
  const value = secret('password');

  test.each(SECRET_OPTIONS)('of %s, wherever it stands', async (name) => {
    for (const text of [value, `ada:${value}`, `a'b=${value}`, `a\n${value}`, `hf_${value}`]) {
      for (const given of [
        [name, text],
        [`${name}=${text}`],
        ...(name.length === 2 ? [[name + text]] : []),
      ]) {
        const lines = [
          ['push', ...given, 'acme/llama', 'ghcr.io/acme/llama'],
          ['push', 'acme/llama', 'ghcr.io/acme/llama', ...given],
          ['push', 'acme/llama', 'ghcr.io/acme/llama', 'extra', ...given],
          ['status', ...given],
          [...given, 'push', 'acme/llama'],
          ['pull', ...given],
        ];
        for (const line of lines) {
          const { message } = await said(...line);
          expect(message).toMatch(/^unknown (option|command) '/);
        }
      }
    }
  });

  test('of any option that is refused, behind any flags', async () => {
    const flags = Object.values(PUSH_FLAGS).map(({ flag }) => flag.replace(/ <.*/, '=x'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SECRET_OPTIONS),
        fc.subarray(flags, { maxLength: 3 }),
        fc.string({ maxLength: 8 }),
        fc.boolean(),
        async (name, before, more, joined) => {
          const text = `${more}${value}`;
          await said(
            'push',
            ...before,
            ...(joined ? [`${name}=${text}`] : [name, text]),
            'a/b',
            'ghcr.io/a/b',
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});

test.each([
  'https://ada:PASSWORD@hub.test/acme/llama',
  'https:ada:PASSWORD@hub.test',
  "https://a'b:PASSWORD@hub.test",
])('a URL with a password in place of a command is not repeated: %s', async (text) => {
  expect((await said(text.replace('PASSWORD', secret('password')))).message).toMatch(/^unknown command/);
});
