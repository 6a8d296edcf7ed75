import { join } from 'node:path';
import { type PushOptions, TAR_LAYOUTS } from '../index.ts';
import { hubAccess, networkAccess, registryAccess } from './access.ts';
import type { Words } from './flag.ts';
import { modelOf, refuseSwapped, targetOf } from './model-and-target.ts';
import { PUSH_FLAGS } from './push-flags.ts';
import { type Environment, type FlagValues, readFlags, usage } from './read-flags.ts';
import { absolutePath, type Surroundings } from './surroundings.ts';

/** The words of a `push` command, as the parser hands them over. */
export type PushWords = Words & {
  readonly model?: string | undefined;
  readonly reference?: string | undefined;
};

/**
 * The words of the command and the environment as options. Pure; a flag wins over its variable, and an empty one
 * counts as not given.
 *
 * @throws ModelcarError `USAGE`
 */
export function toPushOptions(words: PushWords, env: Environment, surroundings: Surroundings): PushOptions {
  const values = readFlags(PUSH_FLAGS, words, env);
  const tarLayout = TAR_LAYOUTS.find((layout) => layout === values.text('tarLayout'));
  const workers = values.integer('workers', 1, 8);
  const limitRate = values.rate('limitRate');
  // The one flag whose empty value means something.
  const layerPrefix = words.layerPrefix ?? values.text('layerPrefix');
  const how: Omit<PushOptions, 'model' | 'target'> = {
    alsoTags: values.list('alsoTag'),
    moveTag: values.decision('moveTag') ?? false,
    hub: hubAccess(values, env, surroundings),
    registry: registryAccess(values, env, surroundings),
    network: networkAccess(env, surroundings),
    allowPatterns: values.list('allowPatterns'),
    ignorePatterns: values.list('ignorePatterns'),
    pickles: values.text('pickles') === 'keep' ? 'keep' : 'refuse',
    ...(layerPrefix !== undefined && { layerPrefix }),
    ...(tarLayout !== undefined && { tarLayout }),
    stateFile: stateFileOf(values, env, surroundings.home),
    force: values.decision('force') ?? false,
    ...(workers !== undefined && { workers }),
    ...(limitRate !== undefined && { limitRate }),
    continueOnError: continuesOnError(values),
  };
  // Last: what was said wrongly is not hidden behind what was not said.
  if (!values.wasGiven('hfRepo') && !values.wasGiven('registry')) refuseSwapped(words.model, words.reference);
  const { model, revision } = modelOf(words.model, values);
  const { location, tag } = targetOf(words.reference, values);
  return {
    ...{ model, target: location, ...how },
    ...(revision !== undefined && { revision }),
    ...(tag !== undefined && { tag }),
  };
}

/** XDG Base Directory Specification: what should outlive a restart and is of no use elsewhere. */
export function stateFileOf(values: FlagValues, env: Environment, home: string): string {
  const state = absolutePath(env.XDG_STATE_HOME) ?? join(home, '.local', 'state');
  return values.text('stateFile') ?? join(state, 'oci-modelcar', 'state.json');
}

function continuesOnError(values: FlagValues): boolean {
  if (!values.wasGiven('continueOnError')) return values.decision('failFast') === false;
  if (values.wasGiven('failFast'))
    throw usage('--fail-fast and --continue-on-error contradict each other', 'Leave out one of them.');
  return true;
}
