import { type PushEvent, planPush, pushModel } from '../../index.ts';
import { failureOf } from '../failure.ts';
import type { Interruption } from '../interruption.ts';
import { type PushWords, toPushOptions } from '../options.ts';
import { outputStyleOf, verbosityOf } from '../output-options.ts';
import { PUSH_FLAGS } from '../push-flags.ts';
import { readFlags } from '../read-flags.ts';
import { readSurroundings } from '../surroundings.ts';
import { createRenderer } from '../ui/create-renderer.ts';
import { systemTime } from '../ui/system-time.ts';

/**
 * `oci-modelcar push`, shown in the style that was asked for, also where it fails. Returns the exit code.
 * @throws ModelcarError `USAGE` where it is not clear how to show anything
 */
export async function push(
  words: PushWords,
  process: NodeJS.Process,
  interruption: Interruption,
): Promise<number> {
  const { env, stdout, stderr } = process;
  const values = readFlags(PUSH_FLAGS, words, env);
  const style = outputStyleOf(values, env);
  const renderer = createRenderer({
    ...{ style, verbosity: verbosityOf(values) },
    ...{ env, stdout, stderr, time: systemTime },
    dryRun: words.dryRun === true,
  });
  // Whatever ends the process leaves the terminal with its cursor: a second Ctrl-C, Ctrl-\, or a crash.
  interruption.signal.addEventListener('abort', renderer.close);
  process.once('exit', renderer.close);
  process.once('SIGQUIT', () => {
    renderer.close();
    process.kill(process.pid, 'SIGQUIT');
  });
  try {
    const surroundings = await readSurroundings(values.text('caFile'), env);
    for (const message of surroundings.warnings ?? []) renderer.event({ type: 'warning', message });
    const options = {
      ...toPushOptions(words, env, surroundings),
      signal: interruption.signal,
      onEvent(event: PushEvent) {
        if (event.type === 'manifest-pushed') interruption.noteTagging();
        renderer.event(event);
      },
    };
    if (!words.dryRun) {
      renderer.result(await pushModel(options));
      return 0;
    }
    const plan = await planPush(options);
    const refusal = plan.refusal && failureOf(plan.refusal, interruption);
    renderer.plan(plan, refusal);
    return refusal?.exitCode ?? 0;
  } catch (error) {
    const failure = failureOf(error, interruption);
    renderer.error(failure);
    return failure.exitCode;
  } finally {
    renderer.close();
  }
}
