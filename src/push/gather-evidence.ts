import { atOnce } from '../core/at-once.ts';
import { readWhole } from '../core/bytes.ts';
import { type ErrorCode, ModelcarError } from '../core/error.ts';
import { shownPath } from '../core/file-path.ts';
import { formatSize } from '../core/format-size.ts';
import { parseJson } from '../core/json.ts';
import { isSafePath } from '../core/layer-plan.ts';
import type { ResolvedModel, Sibling } from '../core/model.ts';
import type { FileObserver } from '../core/ports.ts';
import { limited } from '../core/rate-limit.ts';
import { type Evidence, type EvidenceNeeded, HEAD_BYTES } from '../core/selection/evidence.ts';
import { totalSize } from '../core/selection/sized-list.ts';
import { verified } from '../core/verified.ts';
import type { PlanWarning } from './plan-warning.ts';
import type { World } from './world.ts';

export type EvidenceWorld = Pick<World, 'source' | 'onEvent' | 'signal' | 'rateLimit'>;

/** Of all documents together: they stay in memory until the files are selected. The largest indexes have some 10 MB. */
const MOST_BYTES = 64 * 2 ** 20;

const HEADS_AT_ONCE = 8;
const DOCUMENTS_AT_ONCE = 4;

/**
 * Reads what the selection needs beyond names and sizes. Warns of documents that are too large. Skips unsafe paths, which
 * the plan refuses later.
 * @throws ModelcarError of the source, with the reason why the push read the file
 */
export async function gatherEvidence(
  model: ResolvedModel,
  needed: EvidenceNeeded,
  world: EvidenceWorld,
): Promise<{ readonly evidence: Evidence; readonly warnings: readonly PlanWarning[] }> {
  const { signal } = world;
  const [readable, others] = withinLimits(needed.documents.filter(({ path }) => isSafePath(path)));
  const documents = await atOnce(readable, DOCUMENTS_AT_ONCE, signal, async (sibling, stop) => {
    const read = readDocument(model, sibling, { ...world, signal: stop });
    const document = await explained(`cannot check the model by its ${shownPath(sibling.path)}`, read);
    return [sibling.path, document] as const;
  });
  const safe = needed.heads.filter(({ path }) => isSafePath(path));
  const heads = await atOnce(safe, HEADS_AT_ONCE, signal, async (sibling, stop) => {
    const read = world.source.firstBytes(model, sibling, HEAD_BYTES, stop, observer(world));
    const bytes = await explained(`cannot tell whether ${shownPath(sibling.path)} is a pickle`, read);
    return [sibling.path, bytes] as const;
  });
  return {
    evidence: {
      heads: new Map(heads),
      documents: new Map(documents.filter(([, document]) => document !== undefined)),
    },
    warnings: unread(others),
  };
}

function withinLimits(
  documents: readonly Sibling[],
): readonly [readable: readonly Sibling[], others: readonly Sibling[]] {
  const readable: Sibling[] = [];
  const others: Sibling[] = [];
  let room = MOST_BYTES;
  for (const sibling of documents) {
    const fits = sibling.size <= room;
    if (fits) room -= sibling.size;
    (fits ? readable : others).push(sibling);
  }
  return [readable, others];
}

function unread(documents: readonly Sibling[]): readonly PlanWarning[] {
  const [first, ...others] = documents;
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const size = formatSize(totalSize(documents));
  return [
    {
      code: 'document-not-read',
      message: `cannot check the model by its ${shownPath(first.path)}${more}: too large to read (${size})`,
    },
  ];
}

/** Undefined for a file that is not JSON, or that the source lacks. */
async function readDocument(model: ResolvedModel, sibling: Sibling, world: EvidenceWorld): Promise<unknown> {
  try {
    return parseJson(Buffer.from(await readVerified(model, sibling, world)).toString('utf8'));
  } catch (error) {
    // After the selection, `requireFiles` names all files that the source lacks.
    const lacks = error instanceof ModelcarError && LACKS.has(error.code);
    if (lacks && world.source.requireFiles !== undefined) return undefined;
    throw error;
  }
}

const LACKS: ReadonlySet<ErrorCode> = new Set(['NOT_FOUND', 'CONTENT_MISMATCH']);

/** Fetches a file with wrong bytes again, if that may help, as a push of the file does. */
async function readVerified(
  model: ResolvedModel,
  sibling: Sibling,
  world: EvidenceWorld,
): Promise<Uint8Array> {
  const { source, rateLimit, signal, onEvent } = world;
  const { path: name, oid } = sibling;
  const { origin } = source;
  const read = async (onMismatch?: () => void): Promise<Uint8Array> => {
    const file = source.file(model, sibling, observer(world));
    const content = rateLimit ? limited(file, rateLimit) : file;
    return readWhole(verified(content, { name, oid, origin, onMismatch }), signal);
  };
  let wrong = false;
  try {
    return await read(() => {
      wrong = true;
    });
  } catch (error) {
    if (!wrong || !(error instanceof ModelcarError) || origin?.secondRead === 'is the same') throw error;
    onEvent({ type: 'request-retrying', side: 'hub', retry: 1, delayMs: 0, reason: error.message });
    return await read();
  }
}

function observer({ onEvent }: EvidenceWorld): FileObserver {
  return {
    onRetry: ({ retry, delayMs, reason }) =>
      onEvent({ type: 'request-retrying', side: 'hub', retry, delayMs, reason }),
  };
}

/** The user did not ask for this file, so the error says why the push read it. */
async function explained<T>(why: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ModelcarError)) throw error;
    const { code, message, hint, cause = error } = error;
    throw new ModelcarError(code, `${why}: ${message}`, { ...(hint !== undefined && { hint }), cause });
  }
}
