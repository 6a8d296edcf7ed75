import { broken, HEAD_LIMIT, parseResponseHead, type ResponseHead } from './response-head.ts';

const EMPTY_LINE = Buffer.from('\r\n\r\n');

/** Finds the heads of answers in what comes over a connection, however it is parted on the way. */
export class HeadReader {
  /** What came of a head that is not complete. */
  #begun: Buffer = Buffer.alloc(0);

  /**
   * The head that is complete with these bytes, if there is one, and what lies behind it. What says that the answer is
   * on its way is not the answer (RFC 9110, section 15.2).
   * @throws Error with the `code` that Node's own parser gives for the same
   */
  take(bytes: Uint8Array): { readonly head: ResponseHead | undefined; readonly rest: Uint8Array } {
    let from = 0;
    for (;;) {
      const before = this.#begun.length;
      this.#begun = Buffer.concat([this.#begun, bytes.subarray(from, from + HEAD_LIMIT + EMPTY_LINE.length)]);
      const end = this.#begun.indexOf(EMPTY_LINE);
      if (!looksLikeHttp(this.#begun)) throw broken('HPE_INVALID_CONSTANT', 'Expected HTTP/');
      if (end === -1) {
        if (this.#begun.length >= HEAD_LIMIT) throw broken('HPE_HEADER_OVERFLOW', 'Header overflow');
        return { head: undefined, rest: bytes.subarray(bytes.length) };
      }
      const head = parseResponseHead(this.#begun.toString('latin1', 0, end));
      this.#begun = Buffer.alloc(0);
      from += end + EMPTY_LINE.length - before;
      if (head.status === 101) throw broken('HPE_INVALID_CONSTANT', 'Upgraded without being asked to');
      if (head.status >= 200) return { head, rest: bytes.subarray(from) };
    }
  }
}

/** Who speaks another protocol may never send an empty line. */
function looksLikeHttp(head: Buffer): boolean {
  return 'HTTP/1.'.startsWith(head.toString('latin1', 0, 'HTTP/1.'.length));
}
