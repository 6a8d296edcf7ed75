import type { HttpRequest, HttpResponse } from './transport.ts';

/** The secrets that a transport has sent, to be removed from what servers say. */
export interface Redaction extends Pick<HttpResponse, 'redact'> {
  /** Remembers the secrets of a request. Call it before the request is sent. */
  note(request: Pick<HttpRequest, 'url' | 'headers' | 'body' | 'secrets'>): void;
}

/** More than all requests under way carry. Beyond this number, the secret that was sent longest ago is forgotten. */
const MOST_SECRETS = 500;

/** In characters. `readText` cuts only texts that are longer, so `cutToLimit` drops the word that it cut. */
const LOOKED_THROUGH = 16 * 1024;

/** `cutToLimit` drops a cut word of up to this length: it may be the beginning of a secret. */
const CUT_WORD = 200;

/** Levels of nested escapes, such as JSON in JSON, or a URL in HTML. */
const ESCAPES_DEEP = 2;

/**
 * One memory serves all requests of a transport, because a redirect or a realm can carry a secret to another server. Each
 * text is searched as it is, without its escapes, and decoded from base64. Every step takes linear time.
 */
export function createRedaction(): Redaction {
  /** Searches are built on first use: most requests never fail. */
  const known = new Map<string, readonly Search[] | undefined>();
  return {
    note(request) {
      for (const secret of secretsOf(request)) {
        const searches = known.get(secret);
        known.delete(secret);
        known.set(secret, searches);
      }
      for (const oldest of known.keys()) {
        if (known.size <= MOST_SECRETS) break;
        known.delete(oldest);
      }
    },
    redact(text) {
      const searches = [...known].flatMap(([secret, made = spellingsOf(secret).flatMap(searchesFor)]) => {
        known.set(secret, made);
        return made;
      });
      searches.sort((a, b) => b.start.length - a.start.length);
      // Remove whole secrets first, in every spelling: the search for beginnings would leave their ends.
      const whole = inEveryReading(
        cutToLimit(text),
        searches.filter(({ isWhole }) => isWhole),
      );
      return inEveryReading(
        whole,
        searches.filter(({ isWhole }) => !isWhole),
      );
    },
  };
}

const SECRET_HEADERS = ['authorization', 'proxy-authorization'] as const;

function secretsOf({ url, headers = {}, body, secrets = [] }: Parameters<Redaction['note']>[0]): string[] {
  const found = [...secrets];
  for (const name of SECRET_HEADERS) found.push(...credentialsIn(headers[name]));
  for (const cookie of headers.cookie?.split('; ') ?? []) {
    const at = cookie.indexOf('=');
    found.push(named(cookie.slice(0, at), cookie.slice(at + 1)));
  }
  const query = url.indexOf('?');
  if (query !== -1) found.push(...parametersIn(url.slice(query + 1)));
  if (headers['content-type'] === FORM && body instanceof Uint8Array) {
    found.push(...parametersIn(Buffer.from(body).toString()));
  }
  return found.filter((secret) => secret !== '');
}

const FORM = 'application/x-www-form-urlencoded';

/** The value without its scheme, and the password in it. The user name is public. */
function credentialsIn(value = ''): readonly string[] {
  const word = value.slice(value.indexOf(' ') + 1);
  if (!/^basic /i.test(value)) return [word];
  const account = Buffer.from(word, 'base64').toString();
  return [word, account.slice(account.indexOf(':') + 1)];
}

/** Parameters that we send and that are no secrets: errors should be able to name their values. */
const PUBLIC: ReadonlySet<string> = new Set([
  ...['digest', 'n', 'last', 'recursive', 'blobs'],
  ...['service', 'scope', 'account', 'client_id', 'grant_type'],
]);

/** The values, both as they are sent and decoded. */
function parametersIn(query: string): readonly string[] {
  return query.split('&').flatMap((pair) => {
    const at = pair.indexOf('=');
    const [name, value] = at === -1 ? ['', pair] : [pair.slice(0, at), pair.slice(at + 1)];
    if (PUBLIC.has(name)) return [];
    const read = new URLSearchParams(pair).get(name) ?? value;
    return [named(name, value), named(name, read)];
  });
}

/** A short value, such as `true`, is an ordinary word, so only name and value together are secret. */
function named(name: string, value: string): string {
  return value.length < 8 ? `${name}=${value}` : value;
}

function spellingsOf(secret: string): readonly string[] {
  // Node reads headers as Latin-1, also where the server wrote UTF-8. A form encodes a space as a plus.
  const all = [secret, decodedUrl(secret), Buffer.from(secret).toString('latin1')];
  return [...new Set([...all, secret.replaceAll(' ', '+')])].filter((spelling) => spelling !== '');
}

function decodedUrl(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function cutToLimit(text: string): string {
  if (text.length <= LOOKED_THROUGH) return text;
  const kept = text.slice(0, LOOKED_THROUGH);
  return kept.slice(0, -CUT_WORD) + kept.slice(-CUT_WORD).replace(/\S+$/, '');
}

/** Something to remove. */
interface Search {
  readonly isWhole: boolean;
  /** The text that a match begins with, in lower case. */
  readonly start: string;
  /** The same in UTF-8, one character for each byte, to be found in decoded base64. */
  readonly bytes: string;
  readonly pattern: () => RegExp;
}

/** Servers shorten what they repeat: this many characters identify a long secret. */
const HEAD = 12;

/** A shorter secret occurs in many words. It is removed only where it is a word itself. */
const SHORT = 4;

/** Searches for the whole secret, and for the beginning of a long one with the rest of its word. */
function searchesFor(secret: string): readonly Search[] {
  const head = secret.slice(0, HEAD);
  const pattern =
    secret.length < SHORT
      ? () => new RegExp(`(?<![\\p{L}\\p{N}])${literal(secret)}(?![\\p{L}\\p{N}])`, 'giu')
      : () => new RegExp(literal(secret), 'gi');
  const cut = () => new RegExp(`${literal(head)}[\\w.~+/=%-]*`, 'gi');
  return [
    { isWhole: true, ...beginningWith(secret), pattern },
    ...(secret.length < HEAD + 4 ? [] : [{ isWhole: false, ...beginningWith(head), pattern: cut }]),
  ];
}

function beginningWith(text: string): Pick<Search, 'start' | 'bytes'> {
  return { start: text.toLowerCase(), bytes: Buffer.from(text).toString('latin1').toLowerCase() };
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** Removes what is found. Where it is found only after unescaping, the result is the unescaped text. */
function inEveryReading(text: string, searches: readonly Search[], depth = ESCAPES_DEEP): string {
  let shown = takeOut(text, searches);
  if (depth === 0) return shown;
  for (const unescaped of ESCAPES) {
    const plain = unescaped(shown);
    if (plain === shown) continue;
    const left = inEveryReading(plain, searches, depth - 1);
    if (left !== plain) shown = left;
  }
  return shown;
}

function takeOut(text: string, searches: readonly Search[]): string {
  const lower = text.toLowerCase();
  const present = searches.filter(({ start }) => lower.includes(start));
  const left = present.reduce((rest, { pattern }) => rest.replace(pattern(), '…'), text);
  return takeOutBase64(left, searches);
}

const BASE64 = /[A-Za-z0-9+/_~-]{6,}={0,2}/g;

function takeOutBase64(text: string, searches: readonly Search[]): string {
  const decoded = (text.match(BASE64) ?? []).map(fromBase64).join('\0');
  const present = searches.filter(({ start, bytes }) => start.length >= SHORT && decoded.includes(bytes));
  if (present.length === 0) return text;
  return text.replace(BASE64, (run) => {
    const plain = fromBase64(run);
    return present.some(({ bytes }) => plain.includes(bytes)) ? '…' : run;
  });
}

/** Decodes from each of four offsets: the text before base64 may look like base64 too. */
function fromBase64(run: string): string {
  return [0, 1, 2, 3]
    .map((skipped) => Buffer.from(run.slice(skipped), 'base64').toString('latin1').toLowerCase())
    .join('\0');
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Unescape as readers of URLs, of JSON or Markdown, and of HTML do. */
const ESCAPES: readonly ((text: string) => string)[] = [
  (text) =>
    text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString()),
  (text) =>
    text.replace(/\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|([!-/:-@[-`{-~]))/gi, (_, unit, byte, sign) =>
      sign === undefined ? String.fromCharCode(Number.parseInt(unit ?? byte, 16)) : sign,
    ),
  (text) =>
    text.replace(/&(?:#x([0-9a-f]{1,5})|#(\d{1,6})|(lt|gt|amp|quot|apos));/gi, (_, hex, decimal, name) =>
      name === undefined
        ? String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
        : (ENTITIES[name.toLowerCase()] ?? ''),
    ),
];
