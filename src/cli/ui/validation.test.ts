import { expect, test } from 'vitest';
import type { Validation } from '../../index.ts';
import { toLines } from './text.ts';
import { formatValidation, validationDocument } from './validation.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const whole: Validation = {
  reference: 'ghcr.io/acme/llama:v1',
  manifestDigest: DIGEST,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  blobs: [
    { kind: 'config', digest: DIGEST, size: 100, file: undefined, problem: undefined },
    { kind: 'layer', digest: DIGEST, size: 2560, file: 'config.json', problem: undefined },
  ],
  problems: [],
};
const broken: Validation = { ...whole, problems: [`layer ${DIGEST} is not there`] };

test('a whole image is one line that begins with OK', () => {
  expect(formatValidation(whole)).toEqual([`OK  ghcr.io/acme/llama:v1  ${DIGEST}  2 blobs, 2.66 kB`]);
});

test('each problem is a line, and the verdict and what to do follow', () => {
  expect(formatValidation(broken)).toEqual([
    `problem: layer ${DIGEST} is not there`,
    `BROKEN  ghcr.io/acme/llama:v1  ${DIGEST}  1 problem`,
    'hint: Push the model again: the push sends the missing blobs.',
  ]);
});

test('what a manifest calls its layers cannot start a line or move the cursor', () => {
  const forged = { ...whole, problems: ['has more than one layer for a\nOK \u001b[2J'] };
  const lines = toLines(formatValidation(forged)).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe('problem: has more than one layer for a\ufffdOK \ufffd[2J');
});

test('in JSON a script reads one word, and a problem that is none is null', () => {
  expect(validationDocument(whole)).toMatchObject({
    valid: true,
    blobs: [{ file: null, problem: null }, { file: 'config.json' }],
  });
  expect(validationDocument(broken)).toMatchObject({ valid: false, problems: broken.problems });
});
