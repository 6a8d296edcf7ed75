import { expect, test } from 'vitest';
import { secret } from '../../test/support/secrets.ts';
import { accountOf } from './registry-credentials.ts';

const TOKEN = secret('token in place of a name');
const found = (username: string, password: string) =>
  accountOf({ credentials: { kind: 'account', username, password }, origin: 'a file' });

test('a message names the user of an account', () => {
  expect(found('ada', TOKEN)).toEqual({
    kind: 'found',
    name: 'user "ada" (from a file)',
    secret: 'password',
  });
});

test.each([TOKEN, '', 'x-oauth-basic'])(
  'a token in place of the name, with the password %j, is in no message',
  (password) => {
    expect(found(TOKEN, password)).toMatchObject({ name: 'the account (from a file)' });
  },
);
