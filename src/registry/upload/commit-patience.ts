/** Sending less than this again takes no longer than waiting for it. */
const PATIENT_FROM = 64 * 2 ** 20;
const SHORT_PATIENCE_MS = 10_000;
const SLOWEST_COPY_BYTES_PER_MS = 50_000;

/** A commit can take minutes where storage copies the blob: then the session is gone before the blob shows. */
export function pollDelayMs(polls: number, size: number): number | undefined {
  const delays = Array.from({ length: polls + 1 }, (_, poll) => Math.min(60_000, 2_000 * 2 ** poll));
  const patienceMs =
    size < PATIENT_FROM ? SHORT_PATIENCE_MS : Math.max(120_000, size / SLOWEST_COPY_BYTES_PER_MS);
  const before = delays.slice(0, -1).reduce((sum, delay) => sum + delay, 0);
  return before < patienceMs ? delays.at(-1) : undefined;
}
