import { failureOf } from './failure.ts';
import type { Interruption } from './interruption.ts';
import { withPlainOptions } from './program.ts';
import type { Environment } from './read-flags.ts';
import { isTrue } from './surroundings.ts';
import { chooseLogStyle, LOG_STYLES, type OutputStyle } from './ui/choose.ts';
import { createRenderer } from './ui/create-renderer.ts';
import { systemTime } from './ui/system-time.ts';

/** Shows what went wrong where no command could, and returns the exit code. */
export function report(
  error: unknown,
  { argv, env, stdout, stderr }: NodeJS.Process,
  interruption: Interruption,
): number {
  const failure = failureOf(error, interruption, argv[2]);
  const style = guessStyle(argv.slice(2), env);
  // The summary of a step is about pushes.
  const shown = { ...env, GITHUB_STEP_SUMMARY: undefined };
  createRenderer({ style, verbosity: 'normal', env: shown, stdout, stderr, time: systemTime }).error(failure);
  return failure.exitCode;
}

/** The command line could not be parsed, but a script that asked for JSON reads nothing else. */
function guessStyle(given: readonly string[], env: Environment): OutputStyle {
  const words = withPlainOptions(given);
  const options = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  const isPush = options[0] === 'push';
  const style = isPush ? logStyleOf(options) : undefined;
  if (options.includes('--json') || (style === undefined && isTrue(env.LOG_JSON))) return 'json';
  const wanted = style ?? (isPush ? env.LOG_STYLE?.trim() : undefined);
  return chooseLogStyle(
    LOG_STYLES.find((known) => known === wanted),
    env,
  );
}

/** The value of `--log-style`, if it is there. */
function logStyleOf(options: readonly string[]): string | undefined {
  const at = options.findIndex((word) => /^--log-style(=|$)/.test(word));
  return at === -1 ? undefined : (options[at]?.split('=')[1] ?? options[at + 1]);
}
