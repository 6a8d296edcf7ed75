import { ModelcarError } from '../core/error.ts';
import { withoutQuery } from './origin.ts';
import type { HttpRequest } from './transport.ts';

/** What a person needs to know of a broken connection; an abort passes as it is. */
export function explain(error: unknown, request: HttpRequest): unknown {
  if (request.signal?.aborted) return request.signal.reason;
  if (error instanceof ModelcarError) return error;
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: '' };
  const where = `${request.method} ${withoutQuery(request.url)}`;
  if (code !== undefined && /CERT|TLS|SSL|EPROTO|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY/.test(code)) {
    return new ModelcarError(
      'UNSUPPORTED',
      `${where}: no secure connection: ${/wrong version number|packet length too long|http request/.test(message) ? 'the server answers without TLS' : message}`,
      {
        hint: 'Set NODE_EXTRA_CA_CERTS for a private CA; write http:// for a registry without TLS.',
        cause: error,
      },
    );
  }
  if (code !== undefined && /^HPE_(HEADER_OVERFLOW|INVALID_CONSTANT|INVALID_VERSION)$/.test(code)) {
    return new ModelcarError('UNSUPPORTED', `${where}: the answer is not HTTP: ${message}`, {
      hint: 'Check the host and the port: something else may listen there.',
      cause: error,
    });
  }
  return new ModelcarError('UNAVAILABLE', `${where}: ${PLAIN_WORDS[code ?? ''] ?? message}`, {
    hint: 'Check the name and the network, then run the same command again.',
    cause: error,
  });
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while we were sending',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server did not answer',
  ETIMEDOUT: 'the connection timed out',
};

/** The other side is there, and does nothing. */
export class Stalled extends Error {
  constructor(what: string, afterMs: number) {
    super(`${what} for ${Math.round(afterMs / 1000)} s`);
  }
}
