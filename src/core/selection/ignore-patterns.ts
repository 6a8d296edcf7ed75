import { folderOf, nameOf } from '../file-path.ts';
import { groupBy } from '../group-by.ts';
import type { Sibling } from '../model.ts';
import { matcher } from './path-patterns.ts';

/** The option that leaves out exactly these files of a model, ready to paste into a shell. */
export function ignoreOption(leaveOut: readonly Sibling[], siblings: readonly Sibling[]): string {
  const out = new Set(leaveOut.map(({ path }) => path));
  const others = siblings.map(({ path }) => path).filter((path) => !out.has(path));
  const patterns = ignorePatterns([...out], others);
  return patterns === undefined
    ? '--ignore-patterns, with patterns for these files'
    : `--ignore-patterns '${patterns.join(',')}'`;
}

/** Above this number of files, use common beginnings instead of full names. */
const NAMES = 12;
/** More do not fit into a shell line, and testing each on all other paths would take minutes. */
const MOST_PATTERNS = 200;

/**
 * Patterns that match all of some paths and none of the others. None has a comma, a quote or white space: these have a
 * meaning on a command line.
 * @returns undefined if it takes too many
 */
export function ignorePatterns(
  paths: readonly string[],
  others: readonly string[],
): readonly string[] | undefined {
  const sets = shardSets(paths);
  const matchesOther = (pattern: string) => others.some(matcher([pattern]));
  if (sets.length <= NAMES && sets.every(({ pattern }) => pattern === undefined || !matchesOther(pattern))) {
    return sets.flatMap(
      ({ pattern, members }) =>
        pattern ??
        members.map((path) => forms(path).find((form) => !matchesOther(form)) ?? exactPattern(path)),
    );
  }
  const beginnings = [...new Set(shortestBeginnings(paths, others))];
  if (beginnings.length <= MOST_PATTERNS && !others.some(matcher(beginnings))) return beginnings;
  return paths.length <= MOST_PATTERNS ? paths.map(exactPattern) : undefined;
}

/** A set of shards is one pattern, such as `m-*-of-00003.gguf`. */
function shardSets(paths: readonly string[]) {
  const sets = groupBy(paths, (path) => {
    const name = nameOf(path);
    const at = name.search(SHARD);
    if (at === -1) return `\0${path}`;
    const [before, after] = [folderOf(path) + name.slice(0, at), name.slice(at).replace(SHARD, '')];
    return `${literalPattern(before)}-*-${literalPattern(after)}`;
  });
  return [...sets].map(([pattern, members]) => ({
    members,
    pattern: members.length > 1 ? pattern : undefined,
  }));
}

const SHARD = /-\d{1,9}-(?=of-\d)/;

/** The most readable first. Without a wildcard a pattern is the end of a path; `[x]` makes it the whole path. */
function forms(path: string): readonly string[] {
  const name = literalPattern(path);
  return [name, name.replace(/\w/, '[$&]')];
}

/** Replaces characters with a meaning in a pattern or a list by `?`. */
function literalPattern(path: string): string {
  return path.replace(/[*?[\]'",\s\p{C}]/gu, '?');
}

/** Tells more names apart than `?`: a set that excludes all other ASCII characters. */
function exactPattern(path: string): string {
  const name = exactText(path);
  if (/[*?[]/.test(name)) return name;
  return /\w/.test(name) ? name.replace(/\w/, '[$&]') : name.replace(/^./su, '?');
}

function exactText(text: string): string {
  return text.replace(/[*?[\]]/g, '[$&]').replace(/['",\s\p{C}]/gu, '[!!#-&(-+--~]');
}

/** For each path the shortest beginning that no other path has. */
function shortestBeginnings(paths: readonly string[], others: readonly string[]): readonly string[] {
  const sorted = [...others].sort(byUnits);
  return paths.map((path) => {
    const at = firstNotBefore(sorted, path);
    const shared = Math.max(sharedLength(path, sorted[at - 1]), sharedLength(path, sorted[at]));
    if (shared === path.length) return exactPattern(path);
    // A pair of surrogates is one character.
    const from = /^[\udc00-\udfff]/.test(path.slice(shared)) ? shared - 1 : shared;
    const beginning = path.slice(0, from) + String.fromCodePoint(path.codePointAt(from) ?? 0);
    return `${exactText(beginning)}*`;
  });
}

function byUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function firstNotBefore(sorted: readonly string[], path: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sharedLength(path: string, other = ''): number {
  let length = 0;
  while (length < Math.min(path.length, other.length) && path[length] === other[length]) length += 1;
  return length;
}
