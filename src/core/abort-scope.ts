/** Work that ends when its caller aborts it, or when it is done. */
export interface AbortScope {
  /** Aborted at the end, with the caller's reason where there is one. */
  readonly signal: AbortSignal;
  end(): void;
}

/**
 * Listens to the caller's signal. `AbortSignal.any` would not keep it alive: on Node 20 the garbage collector then takes
 * `AbortSignal.timeout` before it fires (https://github.com/nodejs/node/issues/57736).
 */
export function abortScope(caller: AbortSignal): AbortScope {
  const controller = new AbortController();
  const abort = () => controller.abort(caller.reason);
  if (caller.aborted) abort();
  else caller.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    end() {
      caller.removeEventListener('abort', abort);
      controller.abort();
    },
  };
}
