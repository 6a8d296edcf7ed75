/**
 * What a pattern matches as Python's `fnmatch.fnmatchcase` has it, which `huggingface_hub` filters files with: `*` and `?` cross `/`, `[abc]`,
 * `[a-c]`, `[!abc]`; an unclosed `[` is itself. No braces, no `**` of its own, case matters.
 * https://docs.python.org/3/library/fnmatch.html
 */
export function translate(pattern: string): RegExp {
  const [head = '', ...afterStars] = betweenStars(pattern);
  const last = afterStars.pop();
  // As CPython has it: a star takes the first place where what follows it fits, and never goes back, so that a name
  // costs no more for many stars. A lookahead is never entered again; only the last star has to reach the end.
  const middle = afterStars
    .filter((fixed) => fixed !== '')
    .map((fixed, at) => `(?=(?<star${at}>.*?${fixed}))\\k<star${at}>`)
    .join('');
  return new RegExp(`^${head}${middle}${last === undefined ? '' : `.*${last}`}$`, 'su');
}

/** What stands before, between and after the stars, as regular expressions. */
function betweenStars(pattern: string): readonly string[] {
  const parts = [''];
  for (let at = 0; at < pattern.length; ) {
    const set = pattern[at] === '[' ? characterSet(pattern, at) : undefined;
    const char = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
    if (!set && char === '*') parts.push('');
    else parts.push(parts.pop() + (set?.source ?? (char === '?' ? '.' : quoted(char))));
    at = set?.end ?? at + char.length;
  }
  return parts;
}

/** The set that begins at `start`; undefined where nothing closes it. */
function characterSet(pattern: string, start: number): { source: string; end: number } | undefined {
  let from = start + 1;
  const negated = pattern[from] === '!';
  if (negated) from += 1;
  // A `]` in the first place is a member.
  const close = pattern.indexOf(']', from + 1);
  if (close === -1) return undefined;
  const members = ranges([...pattern.slice(from, close)]);
  const end = close + 1;
  // All ranges may be empty: then the set matches nothing, or, negated, everything.
  if (members === '') return { source: negated ? '.' : '(?!)', end };
  return { source: `[${negated ? '^' : ''}${members}]`, end };
}

/** The members of a set as a regular expression writes them; a range that runs backwards has none. */
function ranges(chars: readonly string[]): string {
  let source = '';
  for (let at = 0; at < chars.length; ) {
    const [low = '', dash, high] = chars.slice(at, at + 3);
    if (dash === '-' && high !== undefined) {
      if ((low.codePointAt(0) ?? 0) <= (high.codePointAt(0) ?? 0)) source += `${quoted(low)}-${quoted(high)}`;
      at += 3;
    } else {
      source += quoted(low);
      at += 1;
    }
  }
  return source;
}

function quoted(char: string): string {
  return /\w/.test(char) ? char : `\\u{${char.codePointAt(0)?.toString(16)}}`;
}
