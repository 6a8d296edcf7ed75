import type { HttpRequest, HttpResponse } from './transport.ts';

/** What a transport remembers of its requests, to take it out of what servers say. */
export interface Redaction extends Pick<HttpResponse, 'redact'> {
  /** Remembers what is secret in a request that is about to be sent. */
  note(request: Pick<HttpRequest, 'url' | 'headers' | 'body' | 'secrets'>): void;
}

/** More than the requests under way carry. The oldest secrets go first; one that is sent again counts as new. */
const MOST_SECRETS = 500;

/** Shorter than any answer that `readText` cuts, so a secret that it cut lies beyond this. */
const LOOKED_THROUGH = 16 * 1024;

/** A word cut at {@link LOOKED_THROUGH} goes, up to this length: it may be the beginning of a secret. */
const CUT_WORD = 200;

/** A percent escape in a JSON text in a JSON text is as far as servers go. */
const ESCAPES_DEEP = 2;

/**
 * A server repeats our request in many spellings, and one server may repeat what another one was sent: a redirect or a
 * realm carries it on. So one memory serves all requests of a transport, and each text is also read without its escapes
 * and out of base64. Every step takes linear time.
 */
export function createRedaction(): Redaction {
  /** What to search for is made when it is needed: most requests never have an error. */
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
      // A whole secret in any reading comes before the beginning of one, which would leave its end.
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
    found.push(...named(cookie.slice(0, cookie.indexOf('=')), cookie.slice(cookie.indexOf('=') + 1)));
  }
  const query = url.indexOf('?');
  if (query !== -1) found.push(...parametersIn(url.slice(query + 1)));
  if (headers['content-type'] === FORM && body instanceof Uint8Array) {
    found.push(...parametersIn(Buffer.from(body).toString()));
  }
  return found.filter((secret) => secret !== '');
}

const FORM = 'application/x-www-form-urlencoded';

/** The value without its scheme. What is in it besides is public: the user. */
function credentialsIn(value = ''): readonly string[] {
  const word = value.slice(value.indexOf(' ') + 1);
  if (!/^basic /i.test(value)) return [word];
  const account = Buffer.from(word, 'base64').toString();
  return [word, account.slice(account.indexOf(':') + 1)];
}

/** What we, or the specs, put into a query or form that is no secret, and that servers should be able to name. */
const PUBLIC: ReadonlySet<string> = new Set([
  ...['digest', 'n', 'last', 'recursive', 'blobs'],
  ...['service', 'scope', 'account', 'client_id', 'grant_type'],
]);

/** Values as they are sent, and as they are read. */
function parametersIn(query: string): readonly string[] {
  return query.split('&').flatMap((pair) => {
    const at = pair.indexOf('=');
    const [name, value] = at === -1 ? ['', pair] : [pair.slice(0, at), pair.slice(at + 1)];
    if (PUBLIC.has(name)) return [];
    const read = new URLSearchParams(pair).get(name) ?? value;
    return [...named(name, value), ...(read === value ? [] : named(name, read))];
  });
}

/** A short value, such as `true`, is an ordinary word: then its name has to stand before it. */
function named(name: string, value: string): readonly string[] {
  return [value.length < 8 ? `${name}=${value}` : value];
}

function spellingsOf(secret: string): readonly string[] {
  // A header comes in Latin-1, whatever the server wrote; a form writes a space as a plus.
  const all = [secret, decodedUrl(secret), Buffer.from(secret).toString('latin1')];
  return [...new Set([...all, secret.replaceAll(' ', '+')])].filter((spelling) => spelling !== '');
}

/** As a server that has parsed it names a part of a URL. */
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

/** Something to take out. */
interface Search {
  readonly isWhole: boolean;
  /** What its matches begin with, in small letters; and its bytes, as base64 has them. */
  readonly start: string;
  readonly bytes: string;
  readonly pattern: () => RegExp;
}

/** So much of a long secret gives it away: servers cut what they repeat. */
const HEAD = 12;

/** Two letters occur in many words: they go where they stand alone. */
const SHORT = 4;

/** The secret; and the beginning of a long one, with the rest of its word. */
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

/** The text without them; as it reads without escapes, where they show only then. */
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

/** Nobody knows where it begins: letters before it look like base64 too. */
function fromBase64(run: string): string {
  return [0, 1, 2, 3]
    .map((skipped) => Buffer.from(run.slice(skipped), 'base64').toString('latin1').toLowerCase())
    .join('\0');
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** What readers of URLs, of JSON or Markdown, and of HTML make of a text. */
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
