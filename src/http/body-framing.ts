import { broken, HEAD_LIMIT, type ResponseHead } from './response-head.ts';

/** Finds the body in what comes over a connection. */
export interface BodyFraming {
  /** Whether all of the body has come. */
  readonly isComplete: boolean;
  /** Whether the end of the connection is the end of the body. */
  readonly endsWithConnection: boolean;
  /**
   * Calls `onBody` at most once, with the part of `bytes` that belongs to the body. If framing splits that part, its
   * pieces are first moved together, which overwrites `bytes`.
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
  /** The beginning of a line whose end has not come yet. */
  #line: Uint8Array = new Uint8Array();
  #trailers = 0;

  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  take(bytes: Uint8Array, onBody: (part: Uint8Array) => void): number {
    let at = 0;
    // The body's part of `bytes`.
    let start = 0;
    let end = 0;
    try {
      while (at < bytes.length && this.#state !== 'complete') {
        if (this.#state !== 'data') {
          at = this.#readLine(bytes, at);
          continue;
        }
        const piece = Math.min(this.#left, bytes.length - at);
        if (end === start) start = end = at;
        else bytes.copyWithin(end, at, at + piece);
        at += piece;
        end += piece;
        this.#left -= piece;
        if (this.#left === 0) this.#state = 'data-end';
      }
    } finally {
      // Pass on the bytes before broken framing, too.
      if (end > start) onBody(bytes.subarray(start, end));
    }
    return at;
  }

  /** @returns where the next line, or data, begins */
  #readLine(bytes: Uint8Array, from: number): number {
    const end = bytes.indexOf(LF, from);
    const to = end === -1 ? bytes.length : end;
    if (this.#line.length + to - from > HEAD_LIMIT)
      throw broken('HPE_CHUNK_EXTENSIONS_OVERFLOW', 'A line without end');
    if (end === -1 || this.#line.length > 0) {
      const line = Buffer.concat([this.#line, bytes.subarray(from, to)]);
      this.#line = end === -1 ? line : new Uint8Array();
      if (end !== -1) this.#see(line, 0, line.length);
    } else this.#see(bytes, from, to);
    return end === -1 ? to : end + 1;
  }

  /** A complete line, without its LF. */
  #see(bytes: Uint8Array, from: number, to: number): void {
    const end = to - 1;
    if (end < from || bytes[end] !== CR) throw broken('HPE_CR_EXPECTED', 'Missing CR in a chunked body');
    if (this.#state === 'data-end') {
      if (end > from) throw broken('HPE_STRICT', 'A chunk is longer than it says');
      this.#state = 'size';
    } else if (this.#state === 'trailers') {
      this.#trailers += end - from;
      if (this.#trailers > HEAD_LIMIT) throw broken('HPE_STRICT', 'Trailers without end');
      if (end === from) this.#state = 'complete';
    } else {
      this.#left = chunkSize(bytes, from, end);
      this.#state = this.#left === 0 ? 'trailers' : 'data';
    }
  }
}

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const SEMICOLON = 0x3b;
const MOST_DIGITS = 12;

/** The size at the beginning of a line. It is read digit by digit: a server may send a chunk for every byte. */
function chunkSize(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  let size = 0;
  for (let digit = hexDigit(bytes[at]); at < end && digit !== undefined; digit = hexDigit(bytes[at])) {
    size = size * 16 + digit;
    at += 1;
  }
  const digits = at - from;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
  const isExtended = at < end && bytes[at] === SEMICOLON && !bytes.subarray(at, end).includes(CR);
  if (digits === 0 || digits > MOST_DIGITS || (at < end && !isExtended))
    throw broken('HPE_INVALID_CHUNK_SIZE', 'Invalid character in chunk size');
  return size;
}

function hexDigit(byte = 0): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  // To lower case.
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}
