/** Aborted `graceMs` after `signal`: what runs may end in good order first. */
export function withGrace(
  signal: AbortSignal,
  graceMs: number,
): { readonly signal: AbortSignal; release(): void } {
  if (graceMs === 0) return { signal, release: () => undefined };
  const late = new AbortController();
  const begin = () => {
    const timeout = AbortSignal.timeout(graceMs);
    timeout.addEventListener('abort', () => late.abort(signal.reason));
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin);
  return { signal: late.signal, release: () => signal.removeEventListener('abort', begin) };
}
