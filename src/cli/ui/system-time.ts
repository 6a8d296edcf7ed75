import type { Time } from './renderer.ts';

export const systemTime: Time = {
  now: () => performance.now(),
  date: () => Date.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
