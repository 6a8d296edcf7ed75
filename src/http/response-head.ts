/** The first lines of an answer. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; repeated ones are joined as {@link import('./transport.ts').HttpResponse} has them. */
  readonly headers: Record<string, string | undefined>;
  /** Whether the connection can carry another request afterwards, for all that the head says. */
  readonly keepsAlive: boolean;
}

/** As Node's own parser has it: a server that sends more is not answering us. */
export const HEAD_LIMIT: number = 16 * 1024;

/**
 * Reads the head of an answer (RFC 9112, sections 4 and 5), strictly: what is not HTTP is not guessed at. Lines may not
 * be folded.
 *
 * @param text everything before the empty line, in Latin-1
 * @throws Error with the `code` that Node's own parser gives for the same
 */
export function parseResponseHead(text: string): ResponseHead {
  const [first = '', ...lines] = text.split('\r\n');
  const match = /^HTTP\/1\.([01]) (\d{3})(?: [\t -~\x80-\xff]*)?$/.exec(first);
  if (match === null) throw broken('HPE_INVALID_CONSTANT', 'Expected HTTP/');
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const line of lines) addHeader(headers, line);
  const connection = (headers.connection ?? '').toLowerCase();
  const keepsAlive = match[1] === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
  return { status: Number(match[2]), headers, keepsAlive };
}

function addHeader(headers: Record<string, string | undefined>, line: string): void {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t -~\x80-\xff]*)$/.exec(line);
  if (match === null) throw broken('HPE_INVALID_HEADER_TOKEN', 'Invalid header line');
  const name = (match[1] ?? '').toLowerCase();
  const value = withoutBlanks(match[2] ?? '');
  const earlier = headers[name];
  if (earlier === undefined) headers[name] = value;
  else if (!SINGLE.has(name)) headers[name] = `${earlier}${name === 'set-cookie' ? '\n' : ', '}${value}`;
  else if (earlier !== value && name === 'content-length')
    throw broken('HPE_UNEXPECTED_CONTENT_LENGTH', 'two lengths that differ');
}

/** `trim` would take no-break spaces too, and `/[ \t]+$/` takes quadratic time. */
function withoutBlanks(value: string): string {
  const isBlank = (at: number) => value[at] === ' ' || value[at] === '\t';
  let start = 0;
  let end = value.length;
  while (isBlank(start)) start += 1;
  while (end > start && isBlank(end - 1)) end -= 1;
  return value.slice(start, end);
}

/** Of these Node keeps the first. */
const SINGLE: ReadonlySet<string> = new Set([
  ...['age', 'authorization', 'content-length', 'content-type', 'etag', 'expires', 'from', 'host'],
  ...['if-modified-since', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards'],
  ...['proxy-authorization', 'referer', 'retry-after', 'server', 'user-agent'],
]);

/** An error that says what it says in the words of Node's own parser, so that both are explained alike. */
export function broken(code: string, message: string): Error {
  return Object.assign(new Error(`Parse Error: ${message}`), { code });
}
