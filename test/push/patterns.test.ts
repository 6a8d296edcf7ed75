import { join } from 'node:path';
import { expect, test } from 'vitest';
import { text } from '../fakes/hub/fake-hub.ts';
import { localPush } from '../support/local-push.ts';
import { tempFolder } from '../support/temp-folder.ts';

const NAME = 'acme/llama';
const repos = [
  { id: NAME, files: { 'config.json': text('{}'), 'model.safetensors': text('w'), 'a b.json': text('[]') } },
];

test.each(['push', 'plan'] as const)(
  'a pattern that no file matches is warned about by a %s',
  async (work) => {
    const world = await localPush({ repos });
    await world[work](NAME, { allowPatterns: ['*', '*.gguf', 'c d*', 'a b*'] });
    expect(world.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        code: 'pattern-unmatched',
        message: 'no file of acme/llama matches the pattern *.gguf',
      },
      {
        type: 'warning',
        code: 'pattern-unmatched',
        message: 'no file of acme/llama matches the pattern c d* (white space is part of a pattern)',
      },
    ]);
  },
);

test('a push that keeps pickles resumes the job of a push that refuses them', async () => {
  const { push, events } = await localPush({ repos });
  const stateFile = join(await tempFolder(), 'state.json');
  const first = await push(NAME, { stateFile, pickles: 'refuse' });
  const { transfer, ...again } = await push(NAME, { stateFile, pickles: 'keep' });
  expect(first).toMatchObject(again);
  expect(transfer.sent).toBe(0);
  const done = events.flatMap((event) => (event.type === 'layer-done' ? [event.outcome] : []));
  expect(done).toEqual(['uploaded', 'uploaded', 'uploaded', 'existed', 'existed', 'existed']);
});
