/**
 * A secret for a test: a token, a password, the signature of a URL. All begin with one mark, so that the search through
 * what our code shows (`captures.ts`) needs no list of them, and a cut one is found too.
 *
 * @param name lower-case words: `hub token`. What was found is reported by it.
 */
export function secret(name: string): string {
  return `${MARK}${name.replaceAll(' ', '-')}`;
}

/** A token as the Hub issues them. */
export function hubToken(name: string): string {
  return `hf_${secret(name)}`;
}

/**
 * The names of all secrets in `text`: as they are, or in base64 (plain, for URLs, or in CloudFront's alphabet). Finds both
 * also where the text escapes them for a URL, JSON, Markdown or HTML.
 */
export function secretsIn(text: string): readonly string[] {
  return [...new Set([text, ...ESCAPES.map((unescaped) => unescaped(text))].flatMap(namesIn))];
}

function namesIn(text: string): readonly string[] {
  const names = new Set(rawNames(text));
  for (const [run] of text.matchAll(BASE64)) {
    // Text around it may look like base64 too, so nobody knows where it begins.
    for (let skipped = 0; skipped < 4; skipped += 1) {
      for (const name of rawNames(Buffer.from(run.slice(skipped), 'base64').toString('latin1'))) {
        names.add(`${name} in base64`);
      }
    }
  }
  return [...names];
}

const ESCAPES: readonly ((text: string) => string)[] = [
  (text) =>
    text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll('%', ''), 'hex').toString('latin1'),
    ),
  (text) => text.replace(/\\u00([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  (text) => text.replace(/\\([!-/:-@[-`{-~])/g, '$1'),
  (text) =>
    text.replace(/&#(?:x([0-9a-f]{2})|(\d{2,3}));/gi, (_, hex, decimal) =>
      String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
    ),
];

/** Holds the tests to it: a secret that nobody could find is refused. Nothing, or an empty text, is none. */
export function requireMarked(what: string, value: string | undefined): void {
  if (value === undefined || value === '' || secretsIn(value).length > 0) return;
  throw new Error(`${what} of a test is not made with secret(), so the search for secrets would not find it`);
}

const MARK = 'open-sesame-';

const BASE64 = /[A-Za-z0-9+/_-]{16,}/g;

function rawNames(text: string): readonly string[] {
  return [...text.matchAll(/open-sesame-([a-z-]*)/gi)].map(([, name = '']) => name);
}
