import { type Environment, type FlagValues, usage } from './read-flags.ts';
import { chooseLogStyle, LOG_STYLES, type OutputStyle, type Verbosity } from './ui/choose.ts';

/** @throws ModelcarError `USAGE` for an unknown style, or for a style together with `--json` */
export function outputStyleOf(values: FlagValues, env: Environment): OutputStyle {
  if (values.wasGiven('json') && values.wasGiven('logStyle'))
    throw usage('--json and --log-style contradict each other', 'Leave out one of them.');
  if (values.decision('json') && !values.wasGiven('logStyle')) return 'json';
  const wanted = values.text('logStyle');
  return chooseLogStyle(
    LOG_STYLES.find((style) => style === wanted),
    env,
  );
}

/** @throws ModelcarError `USAGE` when both are asked for in the same way; a flag wins over a variable */
export function verbosityOf(values: FlagValues): Verbosity {
  const given = { verbose: values.wasGiven('verbose'), quiet: values.wasGiven('quiet') };
  const verbose = given.verbose || (!given.quiet && values.decision('verbose') === true);
  const quiet = given.quiet || (!given.verbose && values.decision('quiet') === true);
  if (verbose && quiet) throw usage('verbose and quiet contradict each other', 'Leave out one of them.');
  return verbose ? 'verbose' : quiet ? 'quiet' : 'normal';
}
