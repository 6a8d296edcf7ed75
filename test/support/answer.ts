import type { HttpResponse } from '../../src/http/transport.ts';

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
    body: {
      async *[Symbol.asyncIterator]() {
        touched = true;
        const bytes = Buffer.from(body);
        for (let at = 0; at < bytes.length; at += 4096) yield bytes.subarray(at, at + 4096);
      },
    },
  };
}
