import { receive } from './body.ts';
import { overlapOf } from './chunk-rules.ts';
import type { Mark } from './content.ts';
import type { Exchange, World } from './exchange.ts';
import type { UploadSession } from './sessions.ts';

/** The body of a PATCH or PUT becomes part of the session, or whatever the personality makes of it after a cut. */
export async function storeBody(world: World, exchange: Exchange, session: UploadSession): Promise<void> {
  const mark = session.content.mark();
  let skip = overlapOf(world, exchange, session);
  try {
    for await (const piece of receive(world, exchange)) {
      session.content.append(piece.subarray(skip));
      skip = Math.max(0, skip - piece.length);
    }
  } catch (error) {
    settleCut(world, exchange, session, mark);
    throw error;
  }
  if (session.content.size > mark.size) session.chunks.push(session.content.size - mark.size);
}

function settleCut(
  { personality, sessions }: World,
  { effects }: Exchange,
  session: UploadSession,
  mark: Mark,
): void {
  const arrived = session.content.size - mark.size;
  switch (effects.buffersBody ? 'rolled-back' : personality.afterCut) {
    case 'deleted':
      sessions.end(session);
      session.content.release();
      return;
    case 'rolled-back':
      session.content.rollBack(mark);
      return;
    case 'poisoned':
      session.content.rollBack(mark);
      session.poisoned = arrived > 0;
      return;
    case 'kept':
      if (arrived > 0) session.chunks.push(arrived);
      if (effects.settlesAfter !== undefined) {
        session.late = { hidden: arrived, steps: effects.settlesAfter };
      }
  }
}
