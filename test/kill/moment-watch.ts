import type { Direction } from '../support/counting-relay.ts';
import type { Moment, Request } from './moments.ts';
import { REPOSITORY, TAG } from './wired-world.ts';

/**
 * Sees the requests of one push after the other go by, and says when a moment has come. From then on the wire stands still
 * until it is let go: what the moment is about has not reached the other side when the signal strikes.
 */
export class MomentWatch {
  readonly #modelBytes: number;
  #sent = 0;
  #moment: Moment | undefined;
  #come: () => void = () => undefined;
  #held: Promise<void> | undefined;
  #letGo: () => void = () => undefined;
  /** What was asked last, on whichever connection: its answer is the next thing that comes back. */
  #asked: Request | undefined;
  #tagAsked = false;

  constructor(modelBytes: number) {
    this.#modelBytes = modelBytes;
  }

  /** Whether a tag has been asked for since the round began: before that there can be none. */
  get tagAsked(): boolean {
    return this.#tagAsked;
  }

  /** Resolves when it has come, which is at the latest when the tag is asked for. */
  next(moment: Moment): Promise<void> {
    this.#moment = moment.at === 'launch' ? undefined : moment;
    this.#asked = undefined;
    if (moment.at === 'launch') return Promise.resolve();
    return new Promise((resolve) => {
      this.#come = resolve;
    });
  }

  letGo(): void {
    this.#letGo();
    this.#held = undefined;
  }

  readonly onHubPiece = (direction: Direction): Promise<void> | undefined => {
    if (direction === 'up' && this.#moment?.at === 'first question') this.#strike();
    return this.#held;
  };

  readonly onRegistryPiece = (direction: Direction, piece: Buffer): Promise<void> | undefined => {
    const come = direction === 'up' ? this.#comesWith(piece) : this.#comesWithAnswer();
    if (come) this.#strike();
    return this.#held;
  };

  #comesWith(piece: Buffer): boolean {
    this.#sent += piece.length;
    const request = requestIn(piece);
    if (request !== undefined) this.#asked = request;
    if (request === 'tag') this.#tagAsked = true;
    const moment = this.#moment;
    if (moment === undefined) return false;
    const reached = moment.at === 'bytes' && this.#sent >= moment.share * this.#modelBytes;
    const asked = moment.at === request && 'side' in moment && moment.side === 'asked';
    return reached || asked || (request !== undefined && isPast(moment, request));
  }

  #comesWithAnswer(): boolean {
    const moment = this.#moment;
    return (
      moment !== undefined && 'side' in moment && moment.side === 'answered' && this.#asked === moment.at
    );
  }

  #strike(): void {
    this.#moment = undefined;
    this.#held = new Promise((resolve) => {
      this.#letGo = resolve;
    });
    this.#come();
  }
}

/** Whether nothing of the kind can come any more: an earlier run may have done it already. */
function isPast({ at }: Moment, request: Request): boolean {
  if (request === 'tag') return at !== 'tag';
  return request === 'manifest' && at !== 'tag' && at !== 'manifest';
}

const STARTS: readonly (readonly [Request, string])[] = [
  ['open', `POST /v2/${REPOSITORY}/blobs/uploads/`],
  ['commit', `PUT /v2/${REPOSITORY}/blobs/uploads/`],
  ['manifest', `PUT /v2/${REPOSITORY}/manifests/sha256:`],
  ['tag', `PUT /v2/${REPOSITORY}/manifests/${TAG}`],
];

/** A client writes the head of a request at once, so a piece begins with it. */
function requestIn(piece: Buffer): Request | undefined {
  // Weights go by in thousands of pieces: the letter P rules nearly all of them out.
  if (piece[0] !== 'P'.charCodeAt(0)) return undefined;
  const head = piece.toString('latin1', 0, 128);
  return STARTS.find(([, start]) => head.startsWith(start))?.[0];
}
