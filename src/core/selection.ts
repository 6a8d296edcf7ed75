import { ModelcarError } from './error.ts';
import { fnmatch } from './fnmatch.ts';
import type { Sibling } from './model.ts';

/** Which files of a model to push. */
export interface SelectionPatterns {
  /** Exactly the files that match one of them; empty: all. */
  readonly allow: readonly string[];
  /** Never these, whatever else is said. */
  readonly ignore: readonly string[];
}

/**
 * The files that the patterns leave.
 * @throws ModelcarError `NOT_FOUND` when that is none, naming what there is
 */
export function selectSiblings(
  siblings: readonly Sibling[],
  { allow, ignore }: SelectionPatterns,
): readonly Sibling[] {
  const kept = siblings.filter(
    ({ path }) => (allow.length === 0 || matchesOne(path, allow)) && !matchesOne(path, ignore),
  );
  if (kept.length > 0 || siblings.length === 0) return kept;
  const some = siblings.slice(0, 5).map(({ path }) => path);
  const more = siblings.length > some.length ? ` and ${siblings.length - some.length} more` : '';
  throw new ModelcarError('NOT_FOUND', `the patterns leave none of ${some.join(', ')}${more}`, {
    hint: 'Patterns are matched against whole paths, case by case: *.json, 1_Pooling/*, onnx/.',
  });
}

/**
 * As in the Python tools, a word without wildcards is the end of a path, and a pattern that ends in a slash means
 * what is below.
 */
function matchesOne(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern.endsWith('/')) return fnmatch(path, `${pattern}*`);
    return fnmatch(path, /[*?[]/.test(pattern) ? pattern : `*${pattern}`);
  });
}
