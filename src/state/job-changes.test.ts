import { expect, test } from 'vitest';
import { mapOf } from '../../test/support/map-of.ts';
import { mark } from '../../test/support/test-processes.ts';
import { applyChanges, prune } from './job-changes.ts';
import type { JobRecord, SessionRecord } from './state-document.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const NOW = Date.UTC(2026, 10, 24);
const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(NOW - days * DAY_MS).toISOString();

function session(openedAt: string, pid?: number): SessionRecord {
  const owner = pid === undefined ? {} : { owner: mark(pid) };
  return { oid: 'sha256:1', location: 'https://r.test/u/1', offset: 1, openedAt, ...owner };
}

function record(updatedAt: string, more: Partial<JobRecord> = {}): JobRecord {
  const names = { endpoint: 'https://hub.test', model: 'acme/llama', commit: '0', target: 'r.test/acme' };
  return { ...names, startedAt: daysAgo(999), updatedAt, layers: new Map(), ...more };
}

test('a complete job that nobody touched for half a year is forgotten, any other is kept', () => {
  const jobs = mapOf({
    old: record(daysAgo(181), { manifestDigest: DIGEST }),
    recent: record(daysAgo(179), { manifestDigest: DIGEST }),
    incomplete: record(daysAgo(999)),
    undated: record('some day', { manifestDigest: DIGEST }),
    future: record(daysAgo(-999), { manifestDigest: DIGEST }),
  });
  expect([...prune({ version: 2, jobs }, NOW).jobs.keys()]).toEqual([
    'recent',
    'incomplete',
    'undated',
    'future',
  ]);
});

test('a session that every registry has thrown away by now is forgotten', () => {
  const [gone, open] = [session(daysAgo(9)), session(daysAgo(7))];
  const jobs = mapOf({
    x: record(daysAgo(1), { sessions: mapOf({ gone, open }) }),
    y: record(daysAgo(1), { sessions: mapOf({ gone }) }),
  });
  const after = prune({ version: 2, jobs }, NOW).jobs;
  expect(['x', 'y'].map((key) => after.get(key)?.sessions)).toEqual([mapOf({ open }), undefined]);
});

test('a run that gives its session up leaves the one of another run on the same layer', () => {
  const before = record(daysAgo(1), { sessions: mapOf({ a: session(daysAgo(1), 42) }) });
  const ended = (self: number) =>
    applyChanges(before, { sessions: mapOf({ a: undefined }) }, mark(self)).sessions;
  expect([ended(7), ended(42)]).toEqual([before.sessions, undefined]);
});

test('a layer that is there ends the sessions of all', () => {
  const open = session(daysAgo(1), 42);
  const before = record(daysAgo(1), { sessions: mapOf({ a: open, b: open }) });
  const layer = { oid: 'sha256:1', digest: DIGEST, size: 1, pushedAt: daysAgo(0) };
  const changes = { layers: mapOf({ a: layer }), sessions: mapOf({ a: undefined }) };
  const after = applyChanges(before, changes, mark(7));
  expect([after.layers, after.sessions]).toEqual([mapOf({ a: layer }), mapOf({ b: open })]);
});

test('a layer may be called as the members of every object are', () => {
  const layers = mapOf({ toString: { oid: 'sha256:1', digest: DIGEST, size: 1, pushedAt: daysAgo(0) } });
  const before = record(daysAgo(1), { sessions: mapOf({ valueOf: session(daysAgo(1)) }) });
  const after = applyChanges(before, { layers }, mark(7));
  expect([after.layers, after.sessions]).toEqual([layers, before.sessions]);
});
