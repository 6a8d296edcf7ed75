/** A place where the registry waits until the test lets it go on: no timers, no luck. */
export interface Gate {
  /** Resolves when a request has arrived at the gate. */
  readonly reached: Promise<void>;
  release(): void;
}

export interface GateKeeper {
  open(): Gate;
  pass(gate: Gate): Promise<void>;
  releaseAll(): void;
}

export function gateKeeper(): GateKeeper {
  const waiters = new Map<Gate, { arrive: () => void; open: Promise<void> }>();
  return {
    open() {
      let arrive = (): void => undefined;
      let release = (): void => undefined;
      const reached = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const open = new Promise<void>((resolve) => {
        release = resolve;
      });
      const gate: Gate = { reached, release: () => release() };
      waiters.set(gate, { arrive, open });
      return gate;
    },
    async pass(gate) {
      const waiter = waiters.get(gate);
      if (!waiter) throw new Error('this gate belongs to another registry');
      waiter.arrive();
      await waiter.open;
    },
    releaseAll() {
      for (const gate of waiters.keys()) gate.release();
    },
  };
}
