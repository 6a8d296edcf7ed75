import type { Refusal } from './answer.ts';
import { type Answer, refuse } from './answer.ts';
import { type Exchange, placed, type World } from './exchange.ts';
import { rangeHeader, type UploadSession } from './sessions.ts';

/** Why a PATCH may not be written, from what its headers say; undefined when it may. */
export function chunkRefusal(world: World, exchange: Exchange, session: UploadSession): Answer | undefined {
  const { streamAfterFirstWrite } = world.personality.patch;
  const streamed = exchange.entry.contentRange === undefined;
  if (streamed && session.chunks.length > 0 && streamAfterFirstWrite !== 'accepted') {
    return refuse(streamAfterFirstWrite);
  }
  return contentRangeRefusal(world, exchange, session) ?? sizeRefusal(world, exchange, session);
}

/** Why the Content-Range does not fit the bytes held; undefined when it does or nobody looks. */
export function contentRangeRefusal(
  world: World,
  exchange: Exchange,
  session: UploadSession,
): Answer | undefined {
  const { contentRange: rule, rangeEnd, wrongRange } = world.personality.patch;
  const { contentRange, contentLength } = exchange.entry;
  if (contentRange === undefined || rule === 'ignored') return undefined;
  if (rule === 'refused') return refuse(wrongRange);
  if (rule === 'checked-with-length' && contentLength === undefined) return undefined;
  const match = (rangeEnd === 'read' ? /^(\d+)-(\d+)$/ : /^(\d+)-()/).exec(contentRange);
  if (!match) return tell(world, exchange, session, world.personality.patch.brokenRange);
  const start = Number(match[1]);
  const end = rangeEnd === 'read' ? Number(match[2]) : start;
  const fits = rule === 'overlap-skipped' ? start <= session.content.size : start === session.content.size;
  if (!fits || start > end) return tell(world, exchange, session, wrongRange);
  if (rule === 'checked-with-length' && contentLength !== end - start + 1) {
    const message = 'provided length did not match content length';
    return refuse({ status: 400, code: 'SIZE_INVALID', message });
  }
  return undefined;
}

/** Bytes at the start of the body that the registry has already and passes over. */
export function overlapOf({ personality }: World, { entry }: Exchange, session: UploadSession): number {
  if (personality.patch.contentRange !== 'overlap-skipped' || entry.contentRange === undefined) return 0;
  return Math.max(0, session.content.size - Number(entry.contentRange.split('-')[0]));
}

function sizeRefusal(world: World, exchange: Exchange, session: UploadSession): Answer | undefined {
  const { chunks: limits } = world.personality.patch;
  const { contentLength, contentRange } = exchange.entry;
  if (!limits || contentLength === undefined) return undefined;
  if (limits.only === 'with-content-range' && contentRange === undefined) return undefined;
  if (limits.max !== undefined && contentLength > limits.max) {
    return tell(world, exchange, session, limits.tooLarge);
  }
  const [first] = session.chunks;
  if (first === undefined || limits.minRefusedAtPut) return undefined;
  // A short chunk is taken for the last one, so it is the chunk after it that gets refused.
  const unfit = session.chunks.some((size) => (limits.equal && size !== first) || size < (limits.min ?? 0));
  return unfit || (limits.equal && contentLength > first)
    ? tell(world, exchange, session, limits.unequal ?? limits.tooLarge)
    : undefined;
}

function tell(world: World, exchange: Exchange, session: UploadSession, refusal: Refusal): Answer {
  const { tells } = world.personality.patch.wrongRange;
  const range = rangeHeader(world.personality.patch.range, session, session.content.size);
  return refuse(refusal, {
    ...(tells.includes('range') && range !== undefined ? { range } : {}),
    ...(tells.includes('location')
      ? { location: placed(world, exchange, world.sessions.locationOf(session)) }
      : {}),
  });
}
