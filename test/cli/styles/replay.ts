import type { OutputStyle, Verbosity } from '../../../src/cli/ui/choose.ts';
import { createRenderer } from '../../../src/cli/ui/create-renderer.ts';
import type { Environment, Renderer } from '../../../src/cli/ui/renderer.ts';
import { manualTime } from '../../support/manual-time.ts';
import { RECORDED, RESULT, RESULT_AT } from './recorded-push.ts';

export interface Recording {
  readonly renderer: Renderer;
  /** Both streams as a CI log has them: in the order in which they were written. */
  readonly log: () => string;
  readonly stdout: () => string;
  readonly moveTo: (ms: number) => void;
}

export interface RecordingOptions {
  readonly style: OutputStyle;
  readonly verbosity?: Verbosity;
  readonly env?: Environment;
}

export function record({ style, verbosity = 'normal', env = {} }: RecordingOptions): Recording {
  const time = manualTime();
  let [log, out] = ['', ''];
  const stdout = {
    write(text: string) {
      log += text;
      out += text;
    },
  };
  const stderr = {
    write(text: string) {
      log += text;
    },
  };
  const renderer = createRenderer({ style, verbosity, env, stdout, stderr, time });
  return { renderer, log: () => log, stdout: () => out, moveTo: time.moveTo };
}

/** The recorded push from its first event to its result. */
export function replay(options: RecordingOptions): Recording {
  const recording = record(options);
  for (const [at, event] of RECORDED) {
    recording.moveTo(at);
    recording.renderer.event(event);
  }
  recording.moveTo(RESULT_AT);
  recording.renderer.result(RESULT);
  recording.renderer.close();
  return recording;
}
