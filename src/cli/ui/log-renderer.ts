import type { Verbosity } from './choose.ts';
import { planEntries, summaryEntry } from './end-entries.ts';
import { createNarrator } from './log-entries.ts';
import { type FormatEntry, isShown, type LogEntry } from './log-entry.ts';
import { advance, NOTHING_YET, type Progress } from './progress.ts';
import type { Renderer, Time } from './renderer.ts';

/** What all styles for people have in common: what is said, in the words of one style. */
export interface LogRenderer extends Renderer {
  progress(): Progress;
}

export interface LogRendererOptions {
  readonly verbosity: Verbosity;
  readonly time: Pick<Time, 'now'>;
  readonly format: FormatEntry;
  /** Lines without their ends. */
  readonly print: (lines: readonly string[]) => void;
}

export function createLogRenderer({ verbosity, time, format, print }: LogRendererOptions): LogRenderer {
  const start = time.now();
  const narrate = createNarrator(time.now);
  let progress = NOTHING_YET;
  let inGroup = false;

  const say = (entries: readonly LogEntry[]) => {
    for (const { kind } of entries) {
      if (kind === 'group') inGroup = true;
      if (kind === 'group-end') inGroup = false;
    }
    print(entries.filter((entry) => isShown(entry, verbosity)).flatMap(format));
  };
  /** An error in a folded group is an error that nobody sees. */
  const endGroup = () => {
    if (inGroup) say([{ kind: 'group-end' }]);
  };

  return {
    progress: () => progress,
    event(event) {
      progress = advance(progress, event, time.now());
      say(narrate(event, progress));
    },
    // It is the result of a dry run, so also a quiet one shows it.
    plan(plan, refusal) {
      print(planEntries(plan).flatMap(format));
      if (refusal !== undefined) say([{ kind: 'error', lines: refusal.lines }]);
    },
    result({ transfer }) {
      endGroup();
      say([summaryEntry(progress, transfer, time.now() - start)]);
    },
    error({ lines }) {
      endGroup();
      say([{ kind: 'error', lines }]);
    },
    close: endGroup,
  };
}
