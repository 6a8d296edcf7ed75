import { translate } from './fnmatch.ts';

/**
 * Whether one of the patterns matches a path. As in the Python tools, a word without wildcards is the end of a path,
 * and a pattern that ends in a slash means what is below.
 */
export function matcher(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => {
    if (pattern.endsWith('/')) return translate(`${pattern}*`);
    return translate(/[*?[]/.test(pattern) ? pattern : `*${pattern}`);
  });
  return (path) => expressions.some((expression) => expression.test(path));
}
