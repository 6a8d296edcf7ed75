import { broken, HEAD_LIMIT, type ResponseHead } from './response-head.ts';

/** Finds the body in what comes over a connection. */
export interface BodyFraming {
  /** Whether all of the body has come. */
  readonly isComplete: boolean;
  /** Whether the end of the connection is the end of the body. */
  readonly endsWithConnection: boolean;
  /**
   * Calls `onBody` with what of the bytes belongs to the body, as parts of `bytes`.
   * @returns how many of the bytes were the answer's; fewer than all where it has ended before
   * @throws Error with the `code` that Node's own parser gives for the same
   */
  take(bytes: Uint8Array, onBody: (part: Uint8Array) => void): number;
}

/**
 * How long the body of an answer to GET is (RFC 9112, section 6.3).
 * @throws Error with the `code` that Node's own parser gives for the same
 */
export function framingOf({ status, headers }: ResponseHead): BodyFraming {
  if (status === 204 || status === 304) return fixedLength(0);
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined) {
    if (coding.trim().toLowerCase() !== 'chunked')
      throw broken('HPE_INVALID_TRANSFER_ENCODING', 'Unknown coding');
    if (length !== undefined) throw broken('HPE_UNEXPECTED_CONTENT_LENGTH', 'Both a length and a coding');
    return new ChunkedBody();
  }
  if (length === undefined) return untilTheEnd();
  if (!/^\d{1,15}$/.test(length)) throw broken('HPE_INVALID_CONTENT_LENGTH', 'Invalid length');
  return fixedLength(Number(length));
}

function fixedLength(length: number): BodyFraming {
  let left = length;
  return {
    endsWithConnection: false,
    get isComplete() {
      return left === 0;
    },
    take(bytes, onBody) {
      const taken = Math.min(left, bytes.length);
      left -= taken;
      if (taken > 0) onBody(taken === bytes.length ? bytes : bytes.subarray(0, taken));
      return taken;
    },
  };
}

function untilTheEnd(): BodyFraming {
  return {
    endsWithConnection: true,
    isComplete: false,
    take(bytes, onBody) {
      onBody(bytes);
      return bytes.length;
    },
  };
}

/** A body in chunks (RFC 9112, section 7.1). Extensions and trailers are read past. */
class ChunkedBody implements BodyFraming {
  readonly endsWithConnection = false;
  #state: 'size' | 'data' | 'data-end' | 'trailers' | 'complete' = 'size';
  /** Of the chunk that is being read. */
  #left = 0;
  /** The line that has not come to its end. */
  #line = '';
  #trailers = 0;

  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  take(bytes: Uint8Array, onBody: (part: Uint8Array) => void): number {
    let at = 0;
    while (at < bytes.length && this.#state !== 'complete') {
      if (this.#state === 'data') {
        const part = bytes.subarray(at, at + this.#left);
        this.#left -= part.length;
        at += part.length;
        if (this.#left === 0) this.#state = 'data-end';
        onBody(part);
      } else {
        at = this.#readLine(bytes, at);
      }
    }
    return at;
  }

  #readLine(bytes: Uint8Array, from: number): number {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    if (this.#line.length + to - from > HEAD_LIMIT)
      throw broken('HPE_CHUNK_EXTENSIONS_OVERFLOW', 'A line without end');
    this.#line += Buffer.from(bytes.subarray(from, to)).toString('latin1');
    if (end === -1) return to;
    if (!this.#line.endsWith('\r')) throw broken('HPE_CR_EXPECTED', 'Missing CR in a chunked body');
    const line = this.#line.slice(0, -1);
    this.#line = '';
    this.#see(line);
    return end + 1;
  }

  #see(line: string): void {
    if (this.#state === 'data-end') {
      if (line !== '') throw broken('HPE_STRICT', 'A chunk is longer than it says');
      this.#state = 'size';
    } else if (this.#state === 'trailers') {
      this.#trailers += line.length;
      if (this.#trailers > HEAD_LIMIT) throw broken('HPE_STRICT', 'Trailers without end');
      if (line === '') this.#state = 'complete';
    } else {
      const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line)?.[1];
      if (size === undefined) throw broken('HPE_INVALID_CHUNK_SIZE', 'Invalid character in chunk size');
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailers' : 'data';
    }
  }
}
