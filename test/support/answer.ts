import { createRedaction } from '../../src/http/redaction.ts';
import type { HttpResponse, Transport } from '../../src/http/transport.ts';

export interface WatchedAnswer extends HttpResponse {
  /** Whether somebody took the body on: an untouched one holds its connection. */
  readonly touched: () => boolean;
}

/** An answer as a transport gives it, without a network. */
export function answer(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): WatchedAnswer {
  let touched = false;
  return {
    status,
    headers,
    touched: () => touched,
    redact: createRedaction().redact,
    body: {
      async *[Symbol.asyncIterator]() {
        touched = true;
        const bytes = Buffer.from(body);
        for (let at = 0; at < bytes.length; at += 4096) yield bytes.subarray(at, at + 4096);
      },
    },
  };
}

/** Answers that can redact, as those of a network can. */
export function remembering(transport: Transport): Transport {
  const redaction = createRedaction();
  return async (request) => {
    redaction.note(request);
    return { ...(await transport(request)), redact: redaction.redact };
  };
}
