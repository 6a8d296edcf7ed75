/** A test as it stands in its file. */
export interface NamedTest {
  /** The titles of what it is described in, then its own; templates as they are written, such as `%s is refused`. */
  readonly path: readonly string[];
  /** What stands behind `test` and every `describe` around it, such as `each` and `skip`. */
  readonly modifiers: readonly string[];
}

interface Opened {
  readonly indent: number;
  readonly title: string;
  readonly modifiers: readonly string[];
}

/** Where a call begins, how it is modified, and what types it is given. */
const CALL = /^( *)(describePeers|describe|test)((?:\.\w+)*)(?:<[\s\S]*?>)?\(/gm;

/** The tests of a file that the formatter has laid out: what is nested is indented. */
export function testsIn(source: string): readonly NamedTest[] {
  const tests: NamedTest[] = [];
  let around: readonly Opened[] = [];
  for (const match of source.matchAll(CALL)) {
    const [call, spaces = '', what = '', dotted = ''] = match;
    const modifiers = dotted.split('.').filter((modifier) => modifier !== '');
    const title = titleIn(source.slice(match.index + call.length), what, modifiers);
    if (title === undefined) continue;
    const opened = { indent: spaces.length, title, modifiers };
    around = around.filter(({ indent }) => indent < opened.indent);
    if (what !== 'test') around = [...around, opened];
    else {
      const all = [...around, opened];
      tests.push({
        path: all.map((each) => each.title),
        modifiers: all.flatMap((each) => each.modifiers),
      });
    }
  }
  return tests;
}

/** The first text in the arguments; with `each` and the like of the second call, for peers of the second argument. */
function titleIn(rest: string, what: string, modifiers: readonly string[]): string | undefined {
  const table = modifiers.some((modifier) => TAKES_TABLE.includes(modifier));
  const before = table
    ? String.raw`[\s\S]*?\)\(\s*`
    : what === 'describePeers'
      ? String.raw`\s*\[[^\]]*\],\s*`
      : String.raw`\s*`;
  const found = new RegExp(
    String.raw`^${before}(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|${'`'}([^${'`'}]*)${'`'})`,
  ).exec(rest);
  return (found?.[1] ?? found?.[2] ?? found?.[3])?.replace(/\\(['"])/g, '$1');
}

const TAKES_TABLE: readonly string[] = ['each', 'skipIf', 'runIf'];
