import { expect, test } from 'vitest';
import type { RecordedJob } from '../../index.ts';
import { formatJobs, formatTags, jobsDocument, tagsDocument } from './status.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const done: RecordedJob = {
  key: '0123456789abcdef',
  endpoint: 'https://huggingface.co',
  model: 'acme/llama',
  commit: 'c1899de289a04d12100db370d81485cdf75e47ca',
  target: 'ghcr.io/acme/llama',
  tags: ['v1'],
  complete: true,
  manifestDigest: DIGEST,
  layers: 3,
  size: 4_000_000_000,
  startedAt: '2026-11-23T09:00:00.000Z',
  updatedAt: '2026-11-23T10:02:11.123Z',
};
const begun: RecordedJob = { ...done, model: 'a/b', tags: [], complete: false, manifestDigest: undefined };

test('a job is one line, and its columns stand below each other', () => {
  expect(formatJobs([done, begun], 'x')).toEqual([
    `acme/llama@c1899de289a0  ->  ghcr.io/acme/llama:v1  complete    2026-11-23 10:02Z  ${DIGEST}`,
    'a/b@c1899de289a0         ->  ghcr.io/acme/llama     incomplete  2026-11-23 10:02Z  3 layers, 4.00 GB so far',
  ]);
});

test('further tags of a job are counted', () => {
  expect(formatJobs([{ ...done, tags: ['v1', 'latest', 'x'] }], 'x')[0]).toContain('llama:v1 (+2)  complete');
});

test('without jobs it says where it looked', () => {
  expect(formatJobs([], '/s/state.json')).toEqual(['no jobs written down in /s/state.json']);
});

test('in JSON what is not known yet is null, never left out', () => {
  expect(jobsDocument([begun])).toEqual({ jobs: [{ ...begun, manifestDigest: null }] });
  expect(tagsDocument([{ tag: 'v1', digest: undefined }], 'r.test/a')).toEqual({
    repository: 'r.test/a',
    tags: [{ tag: 'v1', digest: null }],
  });
});

test('a tag is one line with what it points at', () => {
  const tags = [
    { tag: 'latest', digest: DIGEST },
    { tag: 'v1', digest: undefined },
  ];
  expect(formatTags(tags, 'r.test/a')).toEqual([`latest  ${DIGEST}`, 'v1      points at nothing']);
  expect(formatTags([], 'r.test/a')).toEqual(['no tags in r.test/a']);
});

test('two hundred thousand tags are listed', () => {
  const tags = Array.from({ length: 200_000 }, (_, at) => ({ tag: `v${at}`, digest: DIGEST }));
  expect(formatTags(tags, 'r.test/a').at(-1)).toBe(`v199999  ${DIGEST}`);
});

test('columns stand below each other also when a folder has wide characters in its name', () => {
  const lines = formatJobs([{ ...done, target: 'oci:模型' }, begun], 'x');
  expect(lines[0]).toContain('->  oci:模型:v1         complete');
  expect(lines[1]).toContain('->  ghcr.io/acme/llama  incomplete');
});
