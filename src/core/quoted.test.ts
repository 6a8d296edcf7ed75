import { expect, test } from 'vitest';
import { secret } from '../../test/support/secrets.ts';
import { quoted } from './quoted.ts';

test.each(['ghcr.io/acme/llama:v1', 'r.test:5000/a/b@sha256:00', 'org/model@main', '', 'a b'])(
  'what a user wrote is repeated: %s',
  (text) => {
    expect(quoted(text)).toBe(`"${text}"`);
  },
);

const password = secret('password');
test.each([
  `https://ada:${password}@hub.test`,
  `https://${password}@hub.test/x`,
  `https:/ada:${password}@hub.test`,
  `https:ada:${password}@hub.test`,
  `https:\\\\ada:${password}@hub.test`,
  `https://ada:se/${password}@hub.test`,
  `ada:${password}@hub.test:5000/acme/llama`,
  `oci:https://ada:${password}@hub.test/x`,
  `https://ada:${password}@r.test/acme/llama@sha256:00`,
  `https://ada:@${password}@r.test`,
])('what may hold a password is not: %s', (text) => {
  expect(quoted(text)).not.toContain(password);
});
