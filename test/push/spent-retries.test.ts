import { describe, expect, test } from 'vitest';
import { synthetic } from '../fakes/hub/fake-hub.ts';
import { registryFor } from '../fakes/registry/raw-http.ts';
import { hubWorld } from '../hub/hub-world.ts';
import { scenario } from '../support/push-scenario.ts';
import { registryReader, registryTarget } from '../support/registry-target.ts';
import { failureOf } from '../support/rejection.ts';

const always = { times: Number.POSITIVE_INFINITY };
const { signal } = new AbortController();

describe('an error after retries says how many there were and how long they took', () => {
  test('of a list of tags', async () => {
    const registry = await registryFor({ repositories: ['acme/llama'] });
    registry.addFault({ on: 'tags-get', ...always, answer: { status: 503 } });
    const { message } = await failureOf(registryReader(registry, { retries: 3 }).listTags(signal));
    expect(message).toMatch(/^cannot list the tags of \S+: gave up after 3 retries in \d+s: 503/);
  });

  test('of a connection that is refused', async () => {
    const { message } = await failureOf(registryTarget({ host: '127.0.0.1:1' }).prepare(signal));
    expect(message).toMatch(/connection refused\); gave up after 2 retries in \d+s$/);
  });

  test('of a manifest', async () => {
    const told = await scenario({
      retries: 3,
      faults: [{ on: 'manifest-put', ...always, answer: { status: 503 } }],
    });
    expect((await failureOf(told.push())).message).toMatch(/: 503.*; gave up after 3 retries in \d+s$/);
  });

  test('of a question to the Hub, and of the bytes of a file', async () => {
    const world = await hubWorld({
      repos: [{ id: 'acme/tiny', files: { 'w.bin': synthetic({ size: 5_000 }) } }],
    });
    world.hub.addFault({ on: 'cdn', ...always, kind: 'status', status: 503 });
    const bytes = await failureOf(world.read('acme/tiny', 'w.bin'));
    expect(bytes.message).toMatch(/: 503.*; gave up after 5 retries in \d+s$/);
    world.hub.addFault({ on: 'info', ...always, kind: 'status', status: 503 });
    const question = await failureOf(world.resolve('acme/tiny'));
    expect(question.message).toMatch(
      /^cannot find acme\/tiny@main at the Hub: gave up after 5 retries in \d+s: 503/,
    );
  });
});
