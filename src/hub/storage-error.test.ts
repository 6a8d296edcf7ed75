import { expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { storageFailure } from './storage-error.ts';

const failure = (body: string) => storageFailure(answer(403, {}, body), 'read w.bin of acme/llama', 100);

test('a page of a firewall in place of the storage is called that, without its markup', async () => {
  const { kind, error } = await failure('<html><title>Blocked</title><h1>Blocked</h1>by Acme IT</html>');
  expect([kind, error.code]).toEqual(['refused URL', 'UNSUPPORTED']);
  expect(error.message).toBe(
    "cannot read w.bin of acme/llama from the Hub's storage: 403 Blocked by Acme IT",
  );
  expect(error.hint).toMatch(/firewall on the way to the Hub's storage/);
});

test("the storage's own refusal is a matter for the Hub", async () => {
  const { error } = await failure('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>');
  expect(error.hint).toMatch(/report the request to the Hub/);
});
