import {
  type CheckedPlan,
  ModelcarError,
  type ModelId,
  type PushEvent,
  type PushResult,
} from '../../index.ts';
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
  const write = (object: JsonLine) => stdout.write(jsonLine(time, object));

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
    plan: (plan, refusal) => write(planLine(plan, [], refusal)),
    result: (result) => write(resultLine(result)),
    error: (failure) => write({ type: 'error', ...errorFields(failure) }),
    close: () => undefined,
  };
}

/** One JSON document for a dry run: the plan with its warnings, or the error. */
export function createJsonPlanRenderer({
  stdout,
  time,
}: {
  readonly stdout: Output;
  readonly time: Time;
}): Renderer {
  const { result, error, close } = createJsonRenderer({ stdout, time });
  const warnings: string[] = [];
  return {
    event(event) {
      if (event.type === 'warning') warnings.push(event.message);
    },
    plan: (plan, refusal) => stdout.write(jsonLine(time, planLine(plan, warnings, refusal))),
    result,
    error,
    close,
  };
}

function jsonLine(time: Time, object: JsonLine): string {
  return `${inertJson({ v: 1, time: new Date(time.date()).toISOString(), ...object })}\n`;
}

/** Values are absolute, so a line that is not written is not missed; a push of hours still makes a log of a size. */
const PROGRESS_INTERVAL_MS = 1_000;

type JsonLine = PushEvent | { readonly type: 'plan' | 'result' | 'error'; readonly [field: string]: unknown };

function resultLine(result: PushResult): JsonLine {
  const { cost, transfer, ...image } = result;
  return { type: 'result', ...image, ...transfer, ...cost };
}

function planLine(
  { model, layers, leftOut, tags, tagsFound, imageReference }: CheckedPlan,
  warnings: readonly string[],
  refusal: Failure | undefined,
): JsonLine {
  return {
    type: 'plan',
    model: nameOf(model.id),
    revision: model.revision,
    commit: model.commit,
    imageReference,
    tags,
    tagsFound,
    files: layers.length,
    size: layers.reduce((sum, { size }) => sum + size, 0),
    layers: layers.map(({ path, size, sibling }) => ({
      path,
      size,
      file: sibling.path,
      fileSize: sibling.size,
    })),
    leftOut: leftOut.map(({ code, reason, siblings }) => ({
      code,
      reason,
      files: siblings.map(({ path, size }) => ({ path, size })),
    })),
    warnings,
    refusal: refusal === undefined ? null : errorFields(refusal),
  };
}

/** As the event `model-resolved` writes it. */
function nameOf({ type, name }: ModelId): string {
  return type === 'dataset' ? `datasets/${name}` : name;
}

function errorFields({ error, exitCode, lines }: Failure): { readonly [field: string]: unknown } {
  if (!(error instanceof ModelcarError)) return { code: 'BUG', exitCode, message: lines.join('\n') };
  const { code, message, hint } = error;
  return { code, exitCode, message, ...(hint !== undefined && { hint }) };
}
