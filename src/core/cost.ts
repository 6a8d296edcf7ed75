/** What a push spent beyond the bytes of its layers. */
export interface PushCost {
  /** How often something failed in passing and was tried again. */
  readonly retries: number;
  /** Bytes that the Hub sent more than once. */
  readonly reread: number;
  /** Bytes that were given to a connection to the target more than once, also where a cut kept them from arriving. */
  readonly resent: number;
}

export interface CostMeter {
  readonly cost: PushCost;
  retried(): void;
  /** So many bytes came from the Hub for nothing, or not for the first time. */
  reread(bytes: number): void;
  /** How far the upload is; it falls where it goes back. */
  at(offset: number): void;
}

/** @param known bytes that an earlier run had sent already: whatever of them is sent now is sent again */
export function createCostMeter(known: number): CostMeter {
  let [retries, reread, resent] = [0, 0, 0];
  let offset: number | undefined;
  let furthest = known;
  return {
    get cost() {
      return { retries, reread, resent };
    },
    retried() {
      retries += 1;
    },
    reread(bytes) {
      reread += bytes;
    },
    at(now) {
      // It begins somewhere, and nothing was sent to get there.
      resent += Math.max(0, Math.min(now, furthest) - (offset ?? now));
      furthest = Math.max(furthest, now);
      offset = now;
    },
  };
}

export const NO_COST: PushCost = { retries: 0, reread: 0, resent: 0 };

export function addCost(a: PushCost, b: PushCost): PushCost {
  return { retries: a.retries + b.retries, reread: a.reread + b.reread, resent: a.resent + b.resent };
}
