import { connect, createServer, type Socket } from 'node:net';
import { serveParent } from './serve-parent.ts';

/** A process of its own, for machines whose kernel makes no delays: what comes goes on after a while. */
export interface DelayStart {
  readonly address: string;
  readonly to: number;
  readonly oneWayMs: number;
}

export type DelayReport = Readonly<Record<string, never>>;

/** What may be on its way, unacknowledged: Linux lets one connection send so much (`tcp_wmem`). */
const WINDOW = 4 * 2 ** 20;

serveParent<DelayStart, DelayReport>({
  start({ address, to, oneWayMs }) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const upstream = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      // A connection is made by a packet there and one back before the first byte goes.
      const openAt = performance.now() + 2 * oneWayMs;
      new Cable(client, upstream, oneWayMs, openAt);
      new Cable(upstream, client, oneWayMs, openAt);
    });
    return { server, address, report: () => ({}), reset: () => undefined };
  },
});

/** One direction. What has come first arrives first. */
class Cable {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #delayMs: number;
  readonly #queue: { readonly at: number; readonly arrive: () => void }[] = [];
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, delayMs: number, openAt: number) {
    this.#from = from;
    this.#to = to;
    this.#delayMs = delayMs;
    from.on('data', (chunk: Buffer) => this.#send(chunk, openAt));
    from.on('end', () => this.#after(openAt, () => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', (broken) => {
      if (broken) to.destroy();
    });
  }

  #send(chunk: Buffer, openAt: number): void {
    this.#underWay += chunk.length;
    if (this.#underWay >= WINDOW) this.#from.pause();
    this.#after(openAt, () => {
      this.#to.write(chunk, () => this.#after(0, () => this.#acknowledge(chunk.length)));
    });
  }

  /** The news that bytes have arrived takes as long as the bytes have. */
  #acknowledge(length: number): void {
    this.#underWay -= length;
    if (this.#underWay < WINDOW) this.#from.resume();
  }

  #after(openAt: number, arrive: () => void): void {
    this.#queue.push({ at: Math.max(openAt, performance.now()) + this.#delayMs, arrive });
    this.#timer ??= setTimeout(() => this.#arrive(), this.#delayMs);
  }

  #arrive(): void {
    this.#timer = undefined;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const wait = next.at - performance.now();
      if (wait > 0.5) {
        this.#timer = setTimeout(() => this.#arrive(), wait);
        return;
      }
      this.#queue.shift();
      next.arrive();
    }
  }
}
