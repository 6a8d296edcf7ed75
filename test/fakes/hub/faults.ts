import { seededRandom } from '../../support/seeded-random.ts';
import type { Delivery } from './deliver.ts';
import type { Reply } from './reply.ts';
import { fits, type ReplyFault, shapeDelivery, shapeReply } from './reply-faults.ts';
import type { RequestFault } from './request-faults.ts';
import type { RouteClass } from './route.ts';

/** Which requests a fault meets. Without `times` it strikes once. */
interface FaultScope {
  readonly on?: RouteClass | readonly RouteClass[];
  readonly repo?: string;
  readonly path?: string | RegExp;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly when?: (request: FaultRequest) => boolean;
  /** Lets the first `nth - 1` requests that would be met pass. */
  readonly nth?: number;
  /** How many requests are struck; `Infinity` for all that follow. */
  readonly times?: number;
  /** Strikes this share of the requests only, chosen by `seed`. */
  readonly probability?: number;
  readonly seed?: number;
}

type FaultKind = RequestFault | ReplyFault;
export type Fault = FaultScope & FaultKind;

export interface FaultRequest {
  readonly routeClass: RouteClass;
  readonly repo: string | undefined;
  readonly path: string | undefined;
  readonly method: string;
  readonly range: string | undefined;
  /** The connection served another request before this one. */
  readonly reusedSocket: boolean;
}

export interface FaultHandle {
  /** How many requests it has struck. */
  readonly strikes: number;
  remove(): void;
}

export interface FaultBook {
  add(fault: Fault): FaultHandle;
  clear(): void;
  /** Faults that take the place of an answer, or come before it. */
  beforeAnswer(request: FaultRequest): readonly RequestFault[];
  /** Faults that change an answer and how it is sent; only those that can show on this answer are used up. */
  onAnswer(request: FaultRequest, reply: Reply): ShapedReply;
}

interface ShapedReply {
  readonly reply: Reply;
  readonly delivery: Delivery;
  readonly kinds: readonly string[];
}

interface ArmedFault {
  readonly fault: Fault;
  readonly random: () => number;
  matches: number;
  strikes: number;
}

export function createFaultBook(): FaultBook {
  let armed: readonly ArmedFault[] = [];
  return {
    add(fault) {
      const entry: ArmedFault = { fault, random: seededRandom(fault.seed ?? 1), matches: 0, strikes: 0 };
      armed = [...armed, entry];
      return {
        get strikes() {
          return entry.strikes;
        },
        remove() {
          armed = armed.filter((other) => other !== entry);
        },
      };
    },
    clear() {
      armed = [];
    },
    beforeAnswer(request) {
      const found: RequestFault[] = [];
      for (const entry of armed) {
        const { fault } = entry;
        if (isReplyFault(fault) || !inScope(fault, request)) continue;
        if (fault.kind === 'close' && fault.reusedOnly && !request.reusedSocket) continue;
        if (!strikesNow(entry)) continue;
        found.push(fault);
        if (REQUEST_KINDS[fault.kind] === 'instead') break;
      }
      return found;
    },
    onAnswer(request, reply) {
      let shaped: ShapedReply = { reply, delivery: {}, kinds: [] };
      for (const entry of armed) {
        const { fault } = entry;
        if (!isReplyFault(fault) || !inScope(fault, request) || !fits(fault, shaped.reply, request.method))
          continue;
        if (!strikesNow(entry)) continue;
        shaped = {
          reply: shapeReply(fault, shaped.reply),
          delivery: shapeDelivery(fault, shaped.delivery),
          kinds: [...shaped.kinds, fault.kind],
        };
      }
      return shaped;
    },
  };
}

/** A request takes one answer: of the faults that stand in for it the first strikes, the others wait their turn. */
const REQUEST_KINDS = {
  status: 'instead',
  'rate-limited': 'instead',
  'error-object': 'instead',
  close: 'instead',
  redirect: 'instead',
  silence: 'before',
  run: 'before',
} satisfies Record<RequestFault['kind'], 'instead' | 'before'>;

function isReplyFault(fault: Fault): fault is FaultScope & ReplyFault {
  return !Object.hasOwn(REQUEST_KINDS, fault.kind);
}

function inScope(fault: Fault, request: FaultRequest): boolean {
  const { on, repo, path, method, when } = fault;
  const classes: readonly RouteClass[] | undefined = typeof on === 'string' ? [on] : on;
  return (
    (classes === undefined || classes.includes(request.routeClass)) &&
    (repo === undefined || repo === request.repo) &&
    (path === undefined || pathMatches(path, request.path ?? '')) &&
    (method === undefined || method === request.method) &&
    (when === undefined || when(request))
  );
}

function pathMatches(wanted: string | RegExp, path: string): boolean {
  return typeof wanted === 'string' ? wanted === path : wanted.test(path);
}

function strikesNow(entry: ArmedFault): boolean {
  const { nth = 1, times = 1, probability = 1 } = entry.fault;
  entry.matches += 1;
  if (entry.matches < nth || entry.strikes >= times) return false;
  if (probability < 1 && entry.random() >= probability) return false;
  entry.strikes += 1;
  return true;
}
