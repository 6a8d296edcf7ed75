import { type IncomingMessage, type RequestOptions, request } from 'node:http';

export type RawAnswer = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** `100 Continue` came before the answer. */
  readonly continued: boolean;
};

export type RawRequest = {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
};

const limitMs = 15_000;

/**
 * One request on a connection of its own, with none of the code under test between the test and the wire. The
 * body goes with its length, or in chunks where the headers say so; and with `Expect: 100-continue` not before
 * the server asks for it.
 */
export function exchange({ method, url, headers, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const inChunks = headers?.['transfer-encoding'] !== undefined;
    const length = body === undefined || inChunks ? {} : { 'content-length': String(body.length) };
    const outgoing = request(url, optionsFor(method, { ...length, ...headers }), (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: received } = response;
        resolve({ status, headers: received, body: Buffer.concat(chunks), continued });
        outgoing.destroy();
      });
    });
    let continued = false;
    outgoing.on('error', reject);
    outgoing.on('continue', () => {
      continued = true;
      outgoing.end(body);
    });
    if (headers?.expect === undefined) outgoing.end(body);
  });
}

/** How a client goes: in the way of a process that ends, or of a machine that no longer knows the connection. */
export type HangUp = {
  readonly by?: 'fin' | 'rst';
  /** Not before this. */
  readonly after?: () => Promise<void>;
};

/** Promises a body, hands this much of it to the kernel, and hangs up: what a killed client leaves behind. */
export function sendCutBody(
  { method, url, headers }: Omit<RawRequest, 'body'>,
  sent: Uint8Array,
  { by = 'fin', after }: HangUp = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, optionsFor(method, { ...headers }));
    const hangUp = (error?: Error | null) => {
      outgoing.off('error', reject);
      outgoing.on('error', () => undefined);
      if (by === 'rst') outgoing.socket?.resetAndDestroy();
      outgoing.destroy();
      if (error) reject(error);
      else resolve();
    };
    outgoing.on('error', reject);
    outgoing.on('response', (response) => reject(new Error(`an early answer: ${response.statusCode}`)));
    outgoing.write(sent, (error) => {
      if (error || !after) hangUp(error);
      else after().then(() => hangUp(), hangUp);
    });
  });
}

function optionsFor(method: string, headers: Record<string, string>): RequestOptions {
  return { method, headers, agent: false, signal: AbortSignal.timeout(limitMs) };
}
