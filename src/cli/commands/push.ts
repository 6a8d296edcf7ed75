import { type PushEvent, planPush, pushModel } from '../../index.ts';
import { PUSH_FLAGS } from '../flags.ts';
import type { Interruption } from '../interruption.ts';
import { type PushWords, toPushOptions } from '../options.ts';
import { type Environment, readFlags } from '../read-flags.ts';
import { readSurroundings } from '../surroundings.ts';
import type { Renderer } from '../ui/renderer.ts';

/** `oci-modelcar push`: what it says goes to the renderer, what goes wrong is thrown. */
export async function push(
  words: PushWords,
  env: Environment,
  { renderer, interruption }: { readonly renderer: Renderer; readonly interruption: Interruption },
): Promise<void> {
  const caFile = readFlags(PUSH_FLAGS, words, env).text('caFile');
  const options = {
    ...toPushOptions(words, env, await readSurroundings(caFile, env)),
    signal: interruption.signal,
    onEvent(event: PushEvent) {
      if (event.type === 'manifest-pushed') interruption.noteTagging();
      renderer.event(event);
    },
  };
  if (words.dryRun) renderer.plan(await planPush(options));
  else renderer.result(await pushModel(options));
}
