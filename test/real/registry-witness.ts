import type { IncomingHttpHeaders } from 'node:http';
import { exchange, type RawAnswer } from './raw-http.ts';

/** One request to a registry. */
export type Ask = {
  readonly method: string;
  /** An address that the registry gave, or a path under `/v2/`. */
  readonly at: URL | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Send the body with `Transfer-Encoding: chunked`. */
  readonly chunked?: true;
};

export type Told = RawAnswer & {
  /** Where the answer says to go on; where the request went, when it does not say. */
  readonly location: URL;
};

/** Asks a registry, and writes down what it says in words that are the same for every run and every host. */
export type Witness = {
  readonly origin: string;
  /** Two lines for each request: what was asked, what was answered. */
  readonly transcript: readonly string[];
  readonly ask: (what: string, ask: Ask) => Promise<Told>;
  /** As `ask`, but writes nothing down. */
  readonly look: (ask: Ask) => Promise<Told>;
  readonly note: (line: string) => void;
};

export function registryWitness(host: string): Witness {
  const origin = `http://${host}`;
  const transcript: string[] = [];

  async function look({ method, at, headers, body, chunked }: Ask): Promise<Told> {
    const url = typeof at === 'string' ? new URL(`/v2/${at}`, origin) : at;
    const bytes = body === undefined ? bodiless(method) : Buffer.from(body);
    const answer = await exchange({
      method,
      url,
      headers: { ...headers, ...(chunked && { 'transfer-encoding': 'chunked' }) },
      ...(bytes !== undefined && { body: bytes }),
    });
    return { ...answer, location: new URL(answer.headers.location ?? url, url) };
  }

  return {
    origin,
    transcript,
    look,
    async ask(what, ask) {
      const told = await look(ask);
      transcript.push(`> ${ask.method} ${what}`, `< ${wordsOf(told, ask.method, origin)}`);
      return told;
    },
    note: (line) => transcript.push(line),
  };
}

/** A request that could have a body says that it has none. */
function bodiless(method: string): Buffer | undefined {
  return ['POST', 'PATCH', 'PUT'].includes(method) ? Buffer.alloc(0) : undefined;
}

function wordsOf(told: Told, method: string, origin: string): string {
  const headers = headersOf(told, method, origin);
  const waited = told.continued ? ['100'] : [];
  return [...waited, String(told.status), ...headers, bodyOf(told)].filter((word) => word !== '').join(' | ');
}

/**
 * Not compared. The first say when and on which connection. `content-length` counts, but only where it is the
 * length of something (below): that of an error is the length of its wording.
 */
const passedOver = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length']);

function headersOf({ headers, location, status }: Told, method: string, origin: string): string[] {
  const session = sessionIn(location.pathname);
  const counted = method === 'HEAD' && status < 300 ? { length: headers['content-length'] } : {};
  const kept = Object.entries({ ...headers, ...counted }).filter(([name]) => !passedOver.has(name));
  return kept
    .map(
      ([name, value]) =>
        `${name}: ${headerWords(name, String(value), session).replaceAll(origin, '{origin}')}`,
    )
    .sort();
}

function headerWords(name: keyof IncomingHttpHeaders, value: string, session: string | undefined): string {
  if (session === undefined) return value;
  const nameless = value.replaceAll(session, '{session}');
  // The state is signed or encoded; which bytes it stands for shows when it is used.
  return name === 'location' ? nameless.replace(/([?&]_?state=)[^&]*/, '$1{state}') : nameless;
}

export function sessionIn(path: string): string | undefined {
  return /\/blobs\/uploads\/([^/]+)$/.exec(path)?.[1];
}

/**
 * An error is its code and its message. Its `detail` has no meaning by the spec (distribution-spec, "Error
 * codes"), and is left out but for the one thing that can be told from nothing else: whether olareg calls the
 * digest invalid, or the session.
 */
function bodyOf({ body }: Told): string {
  const text = body.toString('utf8').trim();
  // Not by its media type: olareg says of its errors that they are plain text.
  if (!text.startsWith('{')) return text;
  const value: unknown = JSON.parse(text);
  const errors = typeof value === 'object' && value !== null && 'errors' in value ? value.errors : undefined;
  if (Array.isArray(errors)) return errors.map(errorWords).join(', ');
  // distribution 2.8 lists tags as the file system does, which is in no order.
  return JSON.stringify(value, (key, part) =>
    key === 'tags' && Array.isArray(part) ? part.toSorted() : part,
  );
}

function errorWords({ code, message, detail }: Record<string, unknown>): string {
  const ofDigest = code === 'BLOB_UPLOAD_INVALID' && /invalid digest/.test(String(detail));
  return `${code} "${message}"${ofDigest ? ' of the digest' : ''}`;
}
