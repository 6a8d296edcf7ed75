/** One request as far as a registry that believes everything wants to know it. */
export interface SinkRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** Of the body. */
  readonly bytes: number;
  /** The body, where `keeps` has asked for it. */
  readonly kept: Buffer;
}

export interface RequestEvents {
  /** Whether the body of this request is wanted; all others are counted and thrown away. */
  readonly keeps: (method: string, target: string) => boolean;
  /** The client waits for leave to send its body. */
  readonly onExpect: () => void;
  /** The request with all of its body is here. */
  readonly onRequest: (request: SinkRequest) => void;
}

type State = 'head' | 'fixed' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer';

const HEAD_END = Buffer.from('\r\n\r\n');
const NEW_LINE = 10;

/**
 * Just enough HTTP/1.1 to throw bodies away for less than it costs to send them: Node's own parser calls JavaScript for
 * every chunk.
 */
export class HttpRequests {
  readonly #events: RequestEvents;
  #state: State = 'head';
  #pending: Buffer = Buffer.alloc(0);
  #line = '';
  #left = 0;
  #head = { method: '', target: '', host: '' };
  #bytes = 0;
  #kept: Buffer[] | undefined;

  constructor(events: RequestEvents) {
    this.#events = events;
  }

  /** @param bytes are not held beyond the call */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
  }

  #step(bytes: Uint8Array, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at);
      case 'fixed':
      case 'chunk-data':
        return this.#skip(bytes, at);
      case 'chunk-size':
      case 'chunk-end':
      case 'trailer':
        return this.#readLine(bytes, at);
    }
  }

  #readHead(bytes: Uint8Array, at: number): number {
    const before = this.#pending.length;
    this.#pending = Buffer.concat([this.#pending, bytes.subarray(at)]);
    const end = this.#pending.indexOf(HEAD_END);
    if (end === -1) return bytes.length;
    const head = this.#pending.toString('latin1', 0, end);
    this.#pending = Buffer.alloc(0);
    this.#begin(head);
    return at + end + HEAD_END.length - before;
  }

  #begin(head: string): void {
    const [first = '', ...lines] = head.split('\r\n');
    const [method = '', target = ''] = first.split(' ');
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    this.#head = { method, target, host: headers.get('host') ?? '' };
    this.#bytes = 0;
    this.#kept = this.#events.keeps(method, target) ? [] : undefined;
    if (headers.get('expect')?.toLowerCase() === '100-continue') this.#events.onExpect();
    const chunked = headers.get('transfer-encoding')?.toLowerCase() === 'chunked';
    this.#left = Number(headers.get('content-length') ?? 0);
    this.#state = chunked ? 'chunk-size' : 'fixed';
    if (!chunked && this.#left === 0) this.#finish();
  }

  #skip(bytes: Uint8Array, at: number): number {
    const length = Math.min(this.#left, bytes.length - at);
    this.#kept?.push(Buffer.from(bytes.subarray(at, at + length)));
    this.#bytes += length;
    this.#left -= length;
    if (this.#left === 0) {
      if (this.#state === 'fixed') this.#finish();
      else this.#state = 'chunk-end';
    }
    return at + length;
  }

  #readLine(bytes: Uint8Array, at: number): number {
    const end = bytes.indexOf(NEW_LINE, at);
    const stop = end === -1 ? bytes.length : end + 1;
    for (let i = at; i < stop; i += 1) this.#line += String.fromCharCode(bytes[i] ?? 0);
    if (end === -1) return stop;
    const line = this.#line.trim();
    this.#line = '';
    this.#endLine(line);
    return stop;
  }

  #endLine(line: string): void {
    if (this.#state === 'chunk-end') {
      this.#state = 'chunk-size';
    } else if (this.#state === 'trailer') {
      if (line === '') this.#finish();
    } else {
      this.#left = Number.parseInt(line, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'chunk-data';
    }
  }

  #finish(): void {
    this.#state = 'head';
    const kept = Buffer.concat(this.#kept ?? []);
    this.#events.onRequest({ ...this.#head, bytes: this.#bytes, kept });
  }
}
