import type { Validation } from '../../index.ts';
import { formatSize } from '../../index.ts';
import { count } from './units.ts';

/**
 * What `validate` says: a line for each problem, one line with the verdict, and what to do. Give it to `toLines`. With a problem
 * the command ends with the exit code of `CONTENT_MISMATCH`.
 */
export function formatValidation({ reference, manifestDigest, ...rest }: Validation): readonly string[] {
  const { blobs, problems } = rest;
  const verdict = `${problems.length === 0 ? 'OK' : 'BROKEN'}  ${reference}  ${manifestDigest}`;
  const size = formatSize(blobs.reduce((sum, blob) => sum + blob.size, 0));
  return [
    ...problems.map((problem) => `problem: ${problem}`),
    problems.length === 0
      ? `${verdict}  ${count(blobs.length, 'blob')}, ${size}`
      : `${verdict}  ${count(problems.length, 'problem')}`,
    ...(problems.length === 0 ? [] : ['hint: Push the model again: the push sends the missing blobs.']),
  ];
}

/** The same for `--json`; the keys are documented in docs/inspect.md. */
export function validationDocument(validation: Validation): object {
  const { reference, manifestDigest, mediaType, blobs, problems } = validation;
  return {
    reference,
    manifestDigest,
    mediaType,
    valid: problems.length === 0,
    blobs: blobs.map((blob) => ({ ...blob, file: blob.file ?? null, problem: blob.problem ?? null })),
    problems,
  };
}
