import type { ModelcarError } from '../index.ts';
import type { Words } from './flag.ts';
import { shown, usage } from './read-flags.ts';

/** The error for too many arguments; `args` has all of them. */
export function tooManyArguments(
  command: string,
  args: readonly string[],
  most: number,
  words: Words,
): ModelcarError {
  const bool = args.find((each) => /^(true|false)$/i.test(each));
  if (bool !== undefined)
    return usage(
      `${bool} is one argument too many`,
      `Write it with an equals sign, as in --tls-verify=${bool}`,
    );
  const last = shown(args[most] ?? '');
  if (!words.allowPatterns && !words.ignorePatterns)
    return usage(`${last} is one argument too many`, `Run: oci-modelcar ${command} --help`);
  // If the expanded pattern comes first, its files come before the real arguments.
  const file = args.find((each) => /^[^/:@]+\.\w+$/.test(each));
  return usage(
    `${file ?? last} is one argument too many`,
    "If the shell expanded a pattern, quote it: --allow-patterns '*.json'; repeat the flag for a second pattern.",
  );
}
