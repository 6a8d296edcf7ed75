import { EXIT_CODES } from './exit-code.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** From here on a tag may have been set already. */
  noteTagging(): void;
  /** By the signal that came: 130 or 143. */
  readonly exitCode: () => number;
  stop(): void;
}

/** The first Ctrl-C stops the work in good order; the second finds no handler and ends the process at once. */
export function onSignals(): Interruption {
  const controller = new AbortController();
  let exitCode: number = EXIT_CODES.CANCELLED;
  let nothingTagged = ': nothing was tagged';
  const handle = async (name: NodeJS.Signals) => {
    process.off('SIGINT', handle);
    process.off('SIGTERM', handle);
    if (name === 'SIGTERM') exitCode = 128 + 15;
    const message = `stopped by ${name}${nothingTagged}`;
    // Loaded only now: whoever only wants help should not wait for it.
    const { ModelcarError } = await import('../index.ts');
    controller.abort(new ModelcarError('CANCELLED', message, { hint: 'Run the same command again.' }));
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    noteTagging() {
      nothingTagged = '';
    },
    exitCode: () => exitCode,
    stop() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}
