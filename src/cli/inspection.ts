import type { ListTagsOptions } from '../index.ts';
import { networkAccess, registryAccess } from './access.ts';
import { verbosityOf } from './output-options.ts';
import type { FlagValues } from './read-flags.ts';
import { readSurroundings } from './surroundings.ts';
import { chooseLogStyle } from './ui/choose.ts';
import { createRenderer } from './ui/create-renderer.ts';
import { systemTime } from './ui/system-time.ts';

/** How a command that only looks reaches what it looks at. */
export type Inspection = Omit<ListTagsOptions, 'target'>;

/**
 * What is said about the way there goes to stderr.
 * @throws ModelcarError `USAGE`
 */
export async function prepareInspection(
  values: FlagValues,
  { env, stdout, stderr }: NodeJS.Process,
  signal: AbortSignal,
): Promise<Inspection> {
  const surroundings = await readSurroundings(values.text('caFile'), env);
  const style = chooseLogStyle(undefined, env);
  const renderer = createRenderer({
    ...{ style, verbosity: verbosityOf(values) },
    ...{ env, stdout, stderr: { write: (text: string) => stderr.write(text) }, time: systemTime },
  });
  return {
    registry: registryAccess(values, env, surroundings),
    network: networkAccess(env, surroundings),
    onEvent: renderer.event,
    signal,
  };
}
