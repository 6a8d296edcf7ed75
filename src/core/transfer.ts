import type { PushEvent } from './event.ts';

/** Where the bytes of a finished push came from. Bytes of layers; the three add up to the size of the image's layers. */
export interface Transfer {
  /** Sent by this push; bytes that were sent again count once. */
  readonly sent: number;
  /** Sent by an earlier run, in uploads that this push resumed. */
  readonly resumed: number;
  /** In layers that already existed at the target. */
  readonly existed: number;
}

/** Adds up a push from its events. */
export function createTransferMeter(): {
  readonly transfer: Transfer;
  observe(event: PushEvent): void;
} {
  let transfer: Transfer = { sent: 0, resumed: 0, existed: 0 };
  const resumedAt = new Map<string, number>();
  return {
    get transfer() {
      return transfer;
    },
    observe(event) {
      if (event.type === 'layer-resumed') resumedAt.set(event.path, event.offset);
      // The registry lost bytes that an earlier run had sent.
      if (event.type === 'layer-progress' && event.sent < (resumedAt.get(event.path) ?? 0))
        resumedAt.set(event.path, event.sent);
      if (event.type !== 'layer-done') return;
      const { size, outcome, path } = event;
      const resumed = resumedAt.get(path) ?? 0;
      transfer =
        outcome === 'existed'
          ? { ...transfer, existed: transfer.existed + size }
          : { ...transfer, sent: transfer.sent + size - resumed, resumed: transfer.resumed + resumed };
    },
  };
}
