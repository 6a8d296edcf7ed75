import { failureOf } from './failure.ts';
import type { Interruption } from './interruption.ts';
import type { Environment } from './read-flags.ts';
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

/** The words could not be understood, but who asked for JSON reads nothing else. */
function guessStyle([command, ...words]: readonly string[], env: Environment): OutputStyle {
  if (words.includes('--json') || /^(1|true|yes|on)$/i.test(env.LOG_JSON?.trim() ?? '')) return 'json';
  const at = words.findIndex((word) => /^--log-style(=|$)/.test(word));
  const given = words[at]?.split('=')[1] ?? words[at + 1];
  const wanted = at === -1 ? env.LOG_STYLE : given;
  const known = LOG_STYLES.find((style) => style === wanted?.trim());
  return chooseLogStyle(command === 'push' ? known : undefined, env);
}
