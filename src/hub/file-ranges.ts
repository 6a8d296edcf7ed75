import type { HttpResponse } from '../http/transport.ts';
import type { FilePlace, Trouble } from './file-place.ts';
import type { HubClient } from './hub-client.ts';
import { bodyFrom, type FileAnswer, type FileRange, type HubFileName } from './range.ts';
import type { RereadTally } from './reread-tally.ts';

/** A range of the file that was asked for ahead of its turn. */
interface Ahead extends FileRange {
  /** Undefined where it could not be had: it is asked for again when its turn comes. */
  readonly answer: Promise<FileAnswer | undefined>;
  /** Of its own: many listeners on one signal look like a leak. */
  readonly stop: AbortController;
}

/** How often a reader looks back at how long it had to wait for the Hub, and which share of the time is too much. */
const LOOK_MS = 50;
const HUNGRY = 0.3;

/** A reader that is held up for so long gives back what it has ahead: others may have no connection at all. */
const HELD_UP_MS = 5_000;

/** If a server ignores the range, it sends the whole file: receive as little of it as the buffer allows. */
const LEAST_READ_AHEAD = 64 * 1024;

/**
 * The answers that bring a file, in its order. As long as the Hub is as fast as its reader there is one, that brings
 * everything; a reader that has to wait is given more of them, each with a range further on, which wait in the memory of
 * their connections until it is their turn.
 */
export class FileRanges {
  readonly #name: HubFileName;
  readonly #place: FilePlace;
  readonly #hub: HubClient;
  readonly #tally: RereadTally;
  readonly #signal: AbortSignal | undefined;
  /** Where the reader stops. */
  readonly #stopAt: number;
  readonly #abort = () => this.#stopAll(this.#signal?.reason);
  #isClosed = false;
  #ahead: Ahead[] = [];
  #isAsking = false;
  /** Of the answer that is being read. */
  #isReading = false;
  #position = 0;
  #end = 0;
  #stop: AbortController | undefined;
  #leftAt: number | undefined;
  #look = { since: 0, bytes: 0, waitedMs: 0 };
  #isHungry = false;
  /** Failures ahead of their turn, one after the other. */
  #failures = 0;
  #heldUp: NodeJS.Timeout | undefined;

  constructor(
    name: HubFileName,
    place: FilePlace,
    hub: HubClient,
    tally: RereadTally,
    signal: AbortSignal | undefined,
  ) {
    this.#name = name;
    this.#place = place;
    this.#hub = hub;
    this.#tally = tally;
    this.#signal = signal;
    this.#stopAt = name.end ?? name.sibling.size;
    signal?.addEventListener('abort', this.#abort, { once: true });
    this.#look.since = hub.clock.now();
  }

  /**
   * The answer that carries the file from here on. It holds a connection until it was given to {@link read}, where it
   * is no trouble.
   * @throws ModelcarError what will not pass
   */
  async at(position: number): Promise<FileAnswer | Trouble> {
    const [next] = this.#ahead;
    if (next?.start === position) {
      this.#ahead.shift();
      this.#stop = next.stop;
      const answer = await next.answer;
      if (answer !== undefined) return answer;
      this.#stop = undefined;
      // What failed ahead of its turn has cost nobody anything yet.
      this.#hub.connections.release();
    }
    return this.#ask(position, this.#ahead[0]?.start ?? this.#stopAt);
  }

  /** Its bytes, up to where the next range begins. */
  async *read(answer: FileAnswer): AsyncGenerator<Uint8Array> {
    this.#position = answer.asked.start;
    this.#end = answer.asked.end;
    this.#isReading = true;
    this.#leftAt = undefined;
    const { clock } = this.#hub;
    const body = bodyFrom(answer, this.#name, this.#tally);
    try {
      for (;;) {
        const askedAt = clock.now();
        const { done, value } = await body.next();
        if (done) return;
        const room = (this.#ahead[0]?.start ?? this.#name.end ?? Number.POSITIVE_INFINITY) - this.#position;
        const chunk = value.length > room ? value.subarray(0, room) : value;
        this.#position += chunk.length;
        const now = clock.now();
        this.#saw({ bytes: chunk.length, waitedMs: now - askedAt, now });
        yield chunk;
        if (chunk.length < room) continue;
        this.#leftAt = this.#position;
        return;
      }
    } finally {
      this.#isReading = false;
      await body.return(undefined);
      this.#stop = undefined;
      this.#hub.connections.release();
    }
  }

  /** Whether an answer was left there since the next one begins there. */
  wasLeftAt(position: number): boolean {
    return this.#leftAt === position;
  }

  close(): void {
    this.#isClosed = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#stop?.abort();
    this.#giveBack();
    clearTimeout(this.#heldUp);
  }

  #stopAll(reason?: unknown): void {
    this.#stop?.abort(reason);
    for (const { stop } of this.#ahead) stop.abort(reason);
  }

  #giveBack(): void {
    for (const { stop } of this.#ahead.splice(0)) {
      stop.abort();
      this.#hub.connections.release();
    }
  }

  async #ask(start: number, end: number): Promise<FileAnswer | Trouble> {
    const { connections } = this.#hub;
    await connections.acquire(this.#signal);
    let answer: FileAnswer | Trouble | undefined;
    try {
      answer = await this.#place.get({ start, end }, this.#signal, this.#name.end && LEAST_READ_AHEAD);
      if ('failure' in answer && answer.crowded) connections.reportRefusal();
      return answer;
    } finally {
      if (answer === undefined || 'failure' in answer) connections.release();
    }
  }

  #saw({ bytes, waitedMs, now }: { bytes: number; waitedMs: number; now: number }): void {
    const look = this.#look;
    look.bytes += bytes;
    look.waitedMs += waitedMs;
    if (now - look.since >= LOOK_MS) {
      const waited = look.waitedMs > HUNGRY * (now - look.since);
      this.#isHungry = waited && !this.#hub.isBusy();
      this.#hub.connections.report({ bytes: look.bytes, hungry: this.#isHungry });
      this.#look = { since: now, bytes: 0, waitedMs: 0 };
    }
    void this.#readAhead();
  }

  async #readAhead(): Promise<void> {
    if (this.#isAsking) return;
    const { connections } = this.#hub;
    this.#isAsking = true;
    while (this.#isWorthMore()) {
      const size = await connections.tryAcquire();
      if (size === undefined) break;
      if (this.#isWorthMore() && this.#askAhead(size)) continue;
      connections.release();
      break;
    }
    this.#isAsking = false;
  }

  #isWorthMore(): boolean {
    const wanted = this.#isReading && (this.#isHungry || this.#ahead.length > 0);
    const left = this.#nextStart(0) < this.#stopAt;
    const { servesRanges, provedRanges } = this.#place;
    return wanted && left && servesRanges && (provedRanges || this.#ahead.length === 0) && !this.#isClosed;
  }

  /** @param size of a range: so much is still read from the answer that brings everything */
  #nextStart(size: number): number {
    return this.#ahead.at(-1)?.end ?? Math.min(this.#end, this.#position + size);
  }

  /** @returns whether there was anything left to ask for */
  #askAhead(size: number): boolean {
    const start = this.#nextStart(size);
    const end = Math.min(start + size, this.#stopAt);
    if (start >= end) return false;
    const stop = new AbortController();
    const ahead = { start, end, stop, answer: this.#get({ start, end }, stop.signal) };
    this.#ahead.push(ahead);
    void ahead.answer.then((answer) => answer ?? this.#goOnWithout(ahead));
    this.#watch();
    return true;
  }

  /** Undefined where it could not be had, and where the whole file came instead. */
  async #get(range: FileRange, signal: AbortSignal): Promise<FileAnswer | undefined> {
    try {
      const answer = await this.#place.get(range, signal, range.end - range.start);
      if ('failure' in answer) {
        if (!answer.remint) this.#failed(answer.crowded);
      } else if (answer.response.status === 206) {
        this.#failures = 0;
        return answer;
      } else await leave(answer.response);
    } catch {
      if (!signal.aborted) this.#failed();
    }
    return undefined;
  }

  /** A kept connection may have been closed meanwhile: once is no refusal. */
  #failed(crowded = false): void {
    this.#failures += 1;
    if (crowded || this.#failures > 1) this.#hub.connections.reportRefusal();
  }

  /** What failed ahead of its turn is not missed where the answer that is being read has these bytes too. */
  #goOnWithout(ahead: Ahead): void {
    if (this.#ahead[0] !== ahead || this.#end <= ahead.start || this.#position >= ahead.start) return;
    this.#ahead.shift();
    this.#hub.connections.release();
  }

  /** Gives back what is ahead of a reader that nobody reads from: its upload stands still, or waits to be tried again. */
  #watch(): void {
    if (this.#heldUp !== undefined) return;
    const { bytes, since } = this.#look;
    const position = this.#position;
    this.#heldUp = setTimeout(() => {
      this.#heldUp = undefined;
      const stands = position === this.#position && bytes === this.#look.bytes && since === this.#look.since;
      if (stands) this.#giveBack();
      else if (this.#ahead.length > 0) this.#watch();
    }, HELD_UP_MS);
    this.#heldUp.unref();
  }
}

/** Closes the connection of an answer that would have to be read past. */
async function leave({ body }: HttpResponse): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}
