import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { ModelcarError, type PushEvent } from '../../src/index.ts';
import { PLAN, RESULT } from './styles/recorded-push.ts';
import { record } from './styles/replay.ts';

type EventOf<Type extends PushEvent['type']> = Extract<PushEvent, { readonly type: Type }>;

const SHA = 'sha256:0' as const;
const PAUSE = { retry: 1, retries: 10, delayMs: 1, reason: 'r' } as const;

/** An event of each type with all of its fields: one more in `PushEvent` does not compile until it is here. */
const EVENTS: { readonly [Type in PushEvent['type']]: Required<EventOf<Type>> } = {
  'model-resolved': {
    type: 'model-resolved',
    model: 'm',
    revision: 'r',
    commit: 'c',
    files: 1,
    size: 1,
  },
  'files-left-out': { type: 'files-left-out', code: 'c', reason: 'r', files: 1, size: 1 },
  'tag-found': { type: 'tag-found', tag: 't', reference: 'r', digest: SHA, outlook: 'moves' },
  warning: { type: 'warning', code: 'c', message: 'm' },
  'request-retrying': { type: 'request-retrying', side: 'hub', ...PAUSE },
  'requests-held': { type: 'requests-held', side: 'hub', delayMs: 1, reason: 'r' },
  'credentials-chosen': { type: 'credentials-chosen', registry: 'r', origin: 'o' },
  'layer-started': { type: 'layer-started', path: 'p', size: 1 },
  'layer-resumed': { type: 'layer-resumed', path: 'p', offset: 1, size: 2 },
  'layer-rereading': { type: 'layer-rereading', path: 'p', read: 1, size: 2 },
  'layer-progress': { type: 'layer-progress', path: 'p', sent: 1, size: 1 },
  'layer-retrying': { type: 'layer-retrying', path: 'p', side: 'hub', offset: 1, ...PAUSE },
  'layer-cost': { type: 'layer-cost', path: 'p', retries: 1, reread: 1, resent: 1 },
  'layer-done': { type: 'layer-done', path: 'p', digest: SHA, size: 1, outcome: 'existed' },
  'layer-failed': { type: 'layer-failed', path: 'p', code: 'REJECTED', message: 'm' },
  'manifest-pushed': { type: 'manifest-pushed', digest: SHA, reference: 'r' },
  'tag-pushed': {
    type: 'tag-pushed',
    tag: 't',
    reference: 'r',
    digest: SHA,
    outcome: 'moved',
    previous: SHA,
  },
};

/** What the code writes, by type. */
function written(): ReadonlyMap<string, object> {
  const { renderer, stdout } = record({ style: 'json' });
  for (const event of Object.values(EVENTS)) renderer.event(event);
  renderer.result(RESULT);
  renderer.plan(PLAN, undefined);
  renderer.error({ error: new ModelcarError('USAGE', 'm', { hint: 'h' }), exitCode: 2, lines: [] });
  return new Map(linesOf(stdout()).map((line) => [line.type, line]));
}

function linesOf(text: string): readonly { readonly type: string }[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

let sections: ReadonlyMap<string, string>;
beforeAll(async () => {
  const document = await readFile(new URL('../../docs/events.md', import.meta.url), 'utf8');
  const parts = document.split(/^## /m).slice(1);
  sections = new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part]));
});

describe('docs/events.md', () => {
  test('has a heading for each type that is written, and for no other', () => {
    expect([...sections.keys()]).toEqual([...written().keys()]);
  });

  test('lists every field of each type, and no other', () => {
    for (const [type, line] of written()) {
      const listed = [...(sections.get(type) ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field);
      const fields = Object.keys(line).filter((field) => !['v', 'time', 'type'].includes(field));
      expect([type, listed.sort()]).toEqual([type, fields.sort()]);
    }
  });

  test('shows each type by a line that has the fields and kinds of values that the code writes', () => {
    for (const [type, line] of written()) {
      const [, example = '{}'] = /```json\n(.*)\n```/.exec(sections.get(type) ?? '') ?? [];
      expect([type, shapeOf(JSON.parse(example))]).toEqual([type, shapeOf(line)]);
      expect(example.startsWith('{"v":1,"time":"2026-')).toBe(true);
    }
  });

  test('has an example for a failed layer, and for the last error, that name the layer as the push does', () => {
    for (const type of ['layer-failed', 'error'])
      expect(sections.get(type)).toMatch(/"message":"cannot push models\/\S+ to ghcr\.io\/acme\/llama: /);
  });

  test('has examples that the code would write byte for byte', () => {
    for (const type of Object.keys(EVENTS)) {
      const [, example = '{}'] = /```json\n(.*)\n```/.exec(sections.get(type) ?? '') ?? [];
      const { v: _v, time, ...event } = JSON.parse(example);
      const { renderer, stdout, moveTo } = record({ style: 'json' });
      moveTo(Date.parse(time) - Date.UTC(2026, 0, 31, 12));
      renderer.event(event);
      expect(stdout()).toBe(`${example}\n`);
    }
  });
});

/** Each value by the name of its kind; of a list, its first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}
