import { ModelcarError } from '../core/error.ts';
import type { Redacting } from './presentable.ts';
import { tlsTrouble, type Verification } from './tls-error.ts';

/** What was tried when a connection broke. */
export interface Attempt extends Redacting {
  /** For the message, such as `GET https://registry/v2/`, without secrets. Call it for an error only: it is slow. */
  readonly what: () => string;
  /** The name of the proxy on the way, if there is one. */
  readonly proxy: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Where TLS is spoken. */
  readonly verification?: Verification | undefined;
}

/** What a person needs to know of a broken connection; an abort passes as it is. */
export function explain(error: unknown, attempt: Attempt): unknown {
  const { what, proxy, signal, redact } = attempt;
  if (signal?.aborted) return signal.reason;
  if (error instanceof ModelcarError) return error;
  const { code = '', message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: '' };
  const where = proxy === undefined ? what() : `${what()} through the proxy ${proxy}`;
  // Node attaches the answer that it cannot parse to the error. The answer may repeat the request.
  if (error instanceof Error && 'rawPacket' in error) delete error.rawPacket;
  const trouble = tlsTrouble(code, message, attempt, attempt.verification);
  if (trouble !== undefined) {
    const { said, hint, errorCode = 'UNSUPPORTED' } = trouble;
    return new ModelcarError(errorCode, `${where}: no secure connection: ${said}`, {
      hint,
      cause: error,
    });
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new ModelcarError('UNSUPPORTED', `${where}: the answer has more than 16 KiB of headers`, {
      hint: 'Look at the proxies on the way: no Hub and no registry sends that many.',
      cause: error,
    });
  }
  if (/^HPE_INVALID_(CONSTANT|VERSION)$/.test(code)) {
    return new ModelcarError('UNSUPPORTED', `${where}: the answer is not HTTP: ${message}`, {
      hint: 'Check the host and the port, and write https:// in front where it speaks TLS.',
      cause: error,
    });
  }
  if (error instanceof UnknownHost) {
    return new ModelcarError('NOT_FOUND', `${where}: no such host: ${redact(error.host)}`, {
      hint:
        proxy === undefined
          ? 'Check the host name, and the name servers (DNS) of this machine.'
          : 'Check the host name in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY.',
      cause: error,
    });
  }
  return new ModelcarError('UNAVAILABLE', `${where}: ${PLAIN_WORDS[code] ?? redact(broken(code, message))}`, {
    hint:
      proxy === undefined
        ? 'Check the name and the network, then run the same command again.'
        : 'Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY and the network, then run the same command again.',
    cause: error,
  });
}

/** The parser's own words begin with `Parse Error: `. */
function broken(code: string, message: string): string {
  return code.startsWith('HPE_') ? `the answer is broken HTTP: ${message.replace(/^[^:]*: /, '')}` : message;
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while we were sending',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server did not answer',
  ETIMEDOUT: 'the connection timed out',
};

/** No name server knows this host, not even after several lookups. */
export class UnknownHost extends Error {
  readonly code = 'ENOTFOUND';
  readonly host: string;

  constructor(host: string, cause: Error) {
    super(`no such host: ${host}`, { cause });
    this.host = host;
  }
}

/** The other side is there, and does nothing. */
export class Stalled extends Error {
  constructor(what: string, afterMs: number) {
    super(`${what} for ${Math.round(afterMs / 1000)} s`);
  }
}
