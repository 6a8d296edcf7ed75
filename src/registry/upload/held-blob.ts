import { type ByteSource, fromBytes, readWhole } from '../../core/bytes.ts';

/** A small blob: read when it is first wanted, and held in memory from then on. */
export interface HeldBlob extends ByteSource {
  bytes(): Promise<Uint8Array>;
}

export function holdBlob(content: ByteSource, signal: AbortSignal): HeldBlob {
  let read: Promise<Uint8Array> | undefined;
  const bytes = () => {
    read ??= readWhole(content, signal);
    return read;
  };
  return {
    size: content.size,
    bytes,
    async *open(options) {
      yield* fromBytes(await bytes()).open(options);
    },
  };
}
