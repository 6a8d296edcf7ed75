import type { PushEvent, PushPlan } from '../../index.ts';
import { printable } from './printable.ts';
import { formatSize } from './units.ts';

/** A line about each layer's progress this often; a log is read afterwards, by people. */
const PROGRESS_INTERVAL_MS = 5_000;

export type FormatEvent = (event: PushEvent) => readonly string[];

/**
 * Lines for people, one event at a time.
 * @param now milliseconds, to keep progress from flooding a log
 */
export function createTextFormat(now: () => number): FormatEvent {
  const reported = new Map<string, number>();
  let layers = 0;
  let done = 0;

  return (event) => {
    switch (event.type) {
      case 'model-resolved':
        layers = event.files;
        return [
          `${event.model}@${event.revision} is commit ${event.commit}`,
          `${event.files} files, ${formatSize(event.size)}`,
        ];
      case 'files-left-out':
        return [`left out: ${event.files} files, ${formatSize(event.size)}: ${event.reason}`];
      case 'warning':
        return [`warning: ${event.message}`];
      case 'credentials-chosen':
        return [
          event.origin === undefined
            ? `no credentials for ${event.registry}: going on as anonymous`
            : `credentials for ${event.registry} from ${event.origin}`,
        ];
      case 'request-retrying':
        return [`trying again ${inTime(event.delayMs)} (retry ${event.retry}): ${event.reason}`];
      case 'layer-started':
        reported.set(event.path, now());
        return [];
      case 'layer-progress': {
        if (now() - (reported.get(event.path) ?? 0) < PROGRESS_INTERVAL_MS) return [];
        reported.set(event.path, now());
        const percent = Math.floor((event.sent / event.size) * 100);
        return [`${event.path}: ${percent}% (${formatSize(event.sent)} of ${formatSize(event.size)})`];
      }
      case 'layer-retrying': {
        return [
          `${event.path}: going on ${inTime(event.delayMs)} at byte ${event.offset} (retry ${event.retry}): ${event.reason}`,
        ];
      }
      case 'layer-done': {
        done += 1;
        const verb = event.outcome === 'existed' ? 'was there' : 'pushed';
        const count = String(done).padStart(String(layers).length);
        return [`[${count}/${layers}] ${verb} ${event.path} (${formatSize(event.size)}) ${event.digest}`];
      }
      case 'layer-failed':
        return [`failed ${event.path}: ${event.message}`];
      case 'manifest-pushed':
        return [`pushed manifest ${event.reference}`];
      case 'tag-pushed':
        return [`tagged ${event.reference}`];
    }
  };
}

function inTime(delayMs: number): string {
  return delayMs >= 1000 ? `in ${Math.ceil(delayMs / 1000)} s` : 'now';
}

/** What a push would do. */
export function formatPlan({ layers, tags, imageReference }: PushPlan): readonly string[] {
  return [
    ...layers.map(({ path, sibling }) => `${formatSize(sibling.size).padStart(9)}  ${path}`),
    `would be pushed as ${imageReference}, tagged ${tags.join(', ')}`,
    'dry run: nothing was written, and the target was not asked',
  ];
}

/** Every line on its own line, whatever is in it. */
export function toLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('');
}
