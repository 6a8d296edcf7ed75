import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import type { Effects } from './faults.ts';
import type { GateKeeper } from './gate.ts';
import type { Limits, RateLimit } from './limits.ts';
import type { Nodes } from './nodes.ts';
import type { Personality } from './personality.ts';
import type { LogEntry } from './request-log.ts';
import type { Sessions, UploadSession } from './sessions.ts';
import type { Store } from './store.ts';

/** One request on its way to an answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly entry: LogEntry;
  readonly effects: Effects;
  /** `Expect: 100-continue` was sent and not yet granted. */
  expectsContinue: boolean;
  /** The upload the request turned out to be about. */
  session: UploadSession | undefined;
}

/** What all handlers share. */
export interface World {
  readonly personality: Personality;
  readonly store: Store;
  readonly sessions: Sessions;
  readonly gates: GateKeeper;
  readonly limits: Limits;
  readonly rateLimit: RateLimit;
  readonly nodes: Nodes;
  /** What is left of the time that an upload may take, in milliseconds. */
  readonly timeLeft: (session: UploadSession) => number;
  /** Repositories that exist before anything was pushed, for registries that create none by themselves. */
  readonly repositories: ReadonlySet<string>;
  /** Tags that no PUT changes once they exist. */
  readonly immutableTags: ReadonlySet<string>;
  /** Committed blobs that HEAD and GET do not see yet, and for how many requests more. */
  readonly hidden: Map<string, number>;
}

export type Handler = (world: World, exchange: Exchange) => Answer | Promise<Answer>;

/** The connection broke before the exchange was over; there is nobody to answer. */
export class ConnectionCut extends Error {
  readonly by: 'client' | 'registry';

  constructor(by: 'client' | 'registry', options?: ErrorOptions) {
    super(`connection cut by the ${by}`, options);
    this.by = by;
  }
}

/** An answer that came up while the body was still under way. */
export class EarlyAnswer extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`answered ${answer.status} in the middle of a body`);
    this.answer = answer;
  }
}

/** The origin the client used, as distribution takes it from the Host header. */
export function originOf({ request }: Exchange): string {
  const scheme = 'encrypted' in request.socket ? 'https' : 'http';
  return `${scheme}://${request.headers.host ?? 'localhost'}`;
}

/** A path as this registry writes it in a Location. */
export function placed({ personality }: World, exchange: Exchange, path: string): string {
  return personality.location === 'relative' ? path : `${originOf(exchange)}${path}`;
}

/** How long a connection that was ended with FIN waits for its peer to go. */
const lingerMs = 500;

/** End a connection as a stopped or crashed peer would: FIN and not a word more, or RST. */
export function cutConnection({ request, effects, entry }: Exchange): void {
  const { socket } = request;
  entry.cut ??= 'registry';
  if (effects.cutWith === 'rst') {
    socket.resetAndDestroy();
    return;
  }
  socket.end();
  // Closing with bytes unread would make the kernel send RST, so what still comes is thrown away.
  request.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer));
}
