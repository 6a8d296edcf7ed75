/** Time that stands still until it is moved; what is to happen again and again happens then. */
export interface ManualTime {
  now(): number;
  date(): number;
  every(ms: number, tick: () => void): () => void;
  /** Moves on to `ms` milliseconds after the start. */
  moveTo(ms: number): void;
  /** How many things still wait for their next turn. */
  waiting(): number;
}

const START = Date.UTC(2026, 0, 31, 12);

export function manualTime(): ManualTime {
  let now = 0;
  const timers = new Set<{ readonly ms: number; readonly tick: () => void; due: number }>();
  const next = (end: number) => [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
  return {
    now: () => now,
    date: () => START + now,
    every(ms, tick) {
      const timer = { ms, tick, due: now + ms };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    moveTo(end) {
      for (let timer = next(end); timer; timer = next(end)) {
        now = timer.due;
        timer.due += timer.ms;
        timer.tick();
      }
      now = end;
    },
    waiting: () => timers.size,
  };
}
