import { expect, test } from 'vitest';
import { secret } from '../../test/support/secrets.ts';
import { createProgram, usageMessage } from './program.ts';

const nothing = async () => undefined;
const handlers = { push: nothing, status: nothing, validate: nothing, completion: nothing };

test.each(['--password', '--worker', '-p'])(
  'the value of %s, a flag that is not known, is not repeated',
  async (flag) => {
    for (const value of [secret('password'), `a'b=${secret('password')}`, `a\n${secret('password')}`]) {
      const failure: unknown = await createProgram('1', handlers)
        .parseAsync(['push', `${flag}=${value}`], { from: 'user' })
        .catch((error: unknown) => error);
      const { message = '' } = usageMessage(failure) ?? {};
      expect(message).toMatch(new RegExp(`^unknown option '${flag}'( \\(Did you mean --workers\\?\\))?$`));
    }
  },
);

test.each([
  'https://ada:PASSWORD@hub.test/acme/llama',
  'https:ada:PASSWORD@hub.test',
  "https://a'b:PASSWORD@hub.test",
])('a URL with a password in place of a command is not repeated: %s', async (text) => {
  const word = text.replace('PASSWORD', secret('password'));
  const failure: unknown = await createProgram('1', handlers)
    .parseAsync([word], { from: 'user' })
    .catch((error: unknown) => error);
  const { message = '' } = usageMessage(failure) ?? {};
  expect(message).toMatch(/^unknown command/);
  expect(message).not.toContain(secret('password'));
});
