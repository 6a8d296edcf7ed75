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
  openUploads: 0,
  openSize: 0,
  startedAt: '2026-11-23T09:00:00.000Z',
  updatedAt: '2026-11-23T10:02:11.123Z',
};
const begun: RecordedJob = { ...done, model: 'a/b', tags: [], complete: false, manifestDigest: undefined };

test('a job is three lines: what went where, how far it is, and the image', () => {
  expect(formatJobs([done, begun], 'x')).toEqual([
    'acme/llama@c1899de289a0 -> ghcr.io/acme/llama:v1',
    '  complete 2026-11-23 10:02Z, job 0123456789abcdef',
    `  ${DIGEST}`,
    'a/b@c1899de289a0 -> ghcr.io/acme/llama',
    '  incomplete 2026-11-23 10:02Z, job 0123456789abcdef',
    '  3 layers pushed (4.00 GB)',
  ]);
});

test('bytes in open uploads count, because the next run resumes there', () => {
  const open = { ...begun, layers: 1, size: 2560, openUploads: 1, openSize: 50_331_648 };
  expect(formatJobs([open], 'x').at(-1)).toBe('  1 layer pushed (2.56 kB), 1 open upload (50.3 MB)');
});

test('open uploads of which the registry has confirmed no byte are not called empty', () => {
  const open = { ...begun, layers: 1, size: 2560, openUploads: 4, openSize: 0 };
  expect(formatJobs([open], 'x').at(-1)).toBe('  1 layer pushed (2.56 kB), 4 open uploads');
});

test('further tags of a job are counted', () => {
  expect(formatJobs([{ ...done, tags: ['v1', 'latest', 'x'] }], 'x')[0]).toContain('llama:v1 (+2)');
});

test('a job with usual names fits into 80 columns', () => {
  const long = {
    ...done,
    model: 'acme-research/llama-3.3-70b-instruct',
    target: `ghcr.io/acme/${'x'.repeat(50)}`,
  };
  expect(formatJobs([long], 'x').filter((line) => line.length > 80)).toEqual([]);
});

test('without jobs it says where it looked', () => {
  expect(formatJobs([], '/s/state.json')).toEqual(['no jobs in /s/state.json']);
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

test('columns stand below each other also when a name has wide characters', () => {
  const tags = [
    { tag: '模型', digest: DIGEST },
    { tag: 'latest', digest: DIGEST },
  ];
  expect(formatTags(tags, 'r.test/a')).toEqual([`模型    ${DIGEST}`, `latest  ${DIGEST}`]);
});

test('on a terminal that is too narrow for whole digests, their first 12 characters are shown', () => {
  const tags = [{ tag: 'c1899de289a0', digest: DIGEST }];
  expect(formatTags(tags, 'r.test/a', 80)).toEqual(['c1899de289a0  sha256:aaaaaaaaaaaa']);
  expect(formatTags(tags, 'r.test/a', 90)).toEqual([`c1899de289a0  ${DIGEST}`]);
});
