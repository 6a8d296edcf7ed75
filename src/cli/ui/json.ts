import { ModelcarError, type ModelId, type PushEvent, type PushPlan, type PushResult } from '../../index.ts';
import { inertJson } from './inert-json.ts';
import type { Failure, Output, Renderer, Time } from './renderer.ts';

/** One JSON object a line, on stdout; nothing else, and nothing on stderr. The contract is `docs/events.md`. */
export function createJsonRenderer({
  stdout,
  time,
}: {
  readonly stdout: Output;
  readonly time: Time;
}): Renderer {
  const told = new Map<string, number>();
  const write = (object: JsonLine) =>
    stdout.write(`${inertJson({ v: 1, time: new Date(time.date()).toISOString(), ...object })}\n`);

  return {
    event(event) {
      if (event.type === 'layer-progress' || event.type === 'layer-rereading') {
        const now = time.now();
        const key = `${event.type} ${event.path}`;
        if (now - (told.get(key) ?? Number.NEGATIVE_INFINITY) < PROGRESS_INTERVAL_MS) return;
        told.set(key, now);
      }
      write(event);
    },
    plan: (plan) => write(planLine(plan)),
    result: (result) => write(resultLine(result)),
    error: (failure) => write(errorLine(failure)),
    close: () => undefined,
  };
}

/** Values are absolute, so a line that is not written is not missed; a push of hours still makes a log of a size. */
const PROGRESS_INTERVAL_MS = 1_000;

type JsonLine = PushEvent | { readonly type: 'plan' | 'result' | 'error'; readonly [field: string]: unknown };

function resultLine(result: PushResult): JsonLine {
  const { cost, ...image } = result;
  return { type: 'result', ...image, ...cost };
}

function planLine({ model, layers, leftOut, tags, imageReference }: PushPlan): JsonLine {
  return {
    type: 'plan',
    model: nameOf(model.id),
    revision: model.revision,
    commit: model.commit,
    imageReference,
    tags,
    files: layers.length,
    size: layers.reduce((sum, { size }) => sum + size, 0),
    layers: layers.map(({ path, size, sibling }) => ({
      path,
      size,
      file: sibling.path,
      fileSize: sibling.size,
    })),
    leftOut: leftOut.map(({ reason, siblings }) => ({
      reason,
      files: siblings.map(({ path, size }) => ({ path, size })),
    })),
  };
}

/** As the event `model-resolved` writes it. */
function nameOf({ type, name }: ModelId): string {
  return type === 'dataset' ? `datasets/${name}` : name;
}

function errorLine({ error, exitCode, lines }: Failure): JsonLine {
  if (error instanceof ModelcarError) {
    const { code, message, hint } = error;
    return { type: 'error', code, exitCode, message, ...(hint !== undefined && { hint }) };
  }
  return { type: 'error', code: 'BUG', exitCode, message: lines.join('\n') };
}
