import { expect, test } from 'vitest';
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
  return { ...names, startedAt: daysAgo(999), updatedAt, layers: {}, ...more };
}

test('a complete job that nobody touched for half a year is forgotten, any other is kept', () => {
  const jobs = {
    old: record(daysAgo(181), { manifestDigest: DIGEST }),
    recent: record(daysAgo(179), { manifestDigest: DIGEST }),
    incomplete: record(daysAgo(999)),
    undated: record('some day', { manifestDigest: DIGEST }),
    future: record(daysAgo(-999), { manifestDigest: DIGEST }),
  };
  expect(Object.keys(prune({ version: 2, jobs }, NOW).jobs)).toEqual([
    'recent',
    'incomplete',
    'undated',
    'future',
  ]);
});

test('a session that every registry has thrown away by now is forgotten', () => {
  const sessions = { gone: session(daysAgo(9)), open: session(daysAgo(7)) };
  const jobs = {
    x: record(daysAgo(1), { sessions }),
    y: record(daysAgo(1), { sessions: { a: sessions.gone } }),
  };
  const { x, y } = prune({ version: 2, jobs }, NOW).jobs;
  expect([x?.sessions, y?.sessions]).toEqual([{ open: sessions.open }, undefined]);
});

test('a run that gives its session up leaves the one of another run on the same layer', () => {
  const before = record(daysAgo(1), { sessions: { a: session(daysAgo(1), 42) } });
  const ended = (self: number) => applyChanges(before, { sessions: { a: undefined } }, mark(self)).sessions;
  expect([ended(7), ended(42)]).toEqual([before.sessions, undefined]);
});

test('a layer that is there ends the sessions of all', () => {
  const before = record(daysAgo(1), { sessions: { a: session(daysAgo(1), 42), b: session(daysAgo(1), 42) } });
  const layer = { oid: 'sha256:1', digest: DIGEST, size: 1, pushedAt: daysAgo(0) };
  const after = applyChanges(before, { layers: { a: layer }, sessions: { a: undefined } }, mark(7));
  expect([after.layers, Object.keys(after.sessions ?? {})]).toEqual([{ a: layer }, ['b']]);
});

test('a layer may be called as the members of every object are', () => {
  const layers = { toString: { oid: 'sha256:1', digest: DIGEST, size: 1, pushedAt: daysAgo(0) } };
  const before = record(daysAgo(1), { sessions: { valueOf: session(daysAgo(1)) } });
  const after = applyChanges(before, { layers }, mark(7));
  expect([after.layers, after.sessions]).toEqual([layers, before.sessions]);
});
