import type { Socket } from 'node:net';

/** Speeds of the CDN; absent means as fast as the loopback goes. */
export interface Speed {
  readonly bytesPerSecondPerConnection?: number;
  readonly bytesPerSecondTotal?: number;
  /** The pipe narrows for good after so many bytes, or while more than so many connections are open. */
  readonly collapse?: {
    readonly afterBytes?: number;
    readonly aboveConnections?: number;
    readonly bytesPerSecond: number;
  };
}

/** A queue in front of a pipe of fixed width. */
interface Pipe {
  /** Milliseconds to wait before these bytes may leave. */
  reserve(bytes: number, bytesPerSecond: number): number;
}

function createPipe(): Pipe {
  let freeAtMs = 0;
  return {
    reserve(bytes, bytesPerSecond) {
      const now = performance.now();
      const start = Math.max(now, freeAtMs);
      freeAtMs = start + (bytes / bytesPerSecond) * 1000;
      return start - now;
    },
  };
}

export interface Throttle {
  /** The largest piece to write at once, so that a slow pipe drips rather than gulps. */
  pieceSize(own?: number): number;
  delayMs(bytes: number, socket: Socket | null, own?: number): number;
}

export interface ThrottleInputs {
  readonly speed: () => Speed;
  readonly openConnections: () => number;
  readonly totalBytesSent: () => number;
}

const PIECES_PER_SECOND = 50;

export function createThrottle({ speed, openConnections, totalBytesSent }: ThrottleInputs): Throttle {
  const shared = createPipe();
  const perSocket = new WeakMap<Socket, Pipe>();
  const collapsed = (): number | undefined => {
    const { collapse } = speed();
    if (collapse === undefined) return undefined;
    const tooMuch = totalBytesSent() > (collapse.afterBytes ?? Infinity);
    const tooMany = openConnections() > (collapse.aboveConnections ?? Infinity);
    return tooMuch || tooMany ? collapse.bytesPerSecond : undefined;
  };
  const pipeOf = (socket: Socket): Pipe => {
    const known = perSocket.get(socket) ?? createPipe();
    perSocket.set(socket, known);
    return known;
  };
  return {
    pieceSize(own) {
      const { bytesPerSecondPerConnection = Infinity, bytesPerSecondTotal = Infinity } = speed();
      const slowest = Math.min(
        own ?? Infinity,
        bytesPerSecondPerConnection,
        bytesPerSecondTotal,
        collapsed() ?? Infinity,
      );
      return Math.max(1, Math.ceil(slowest / PIECES_PER_SECOND));
    },
    delayMs(bytes, socket, own) {
      const { bytesPerSecondPerConnection = Infinity, bytesPerSecondTotal = Infinity } = speed();
      const total = Math.min(bytesPerSecondTotal, collapsed() ?? Infinity);
      const each = Math.min(bytesPerSecondPerConnection, own ?? Infinity);
      const alone = socket && each < Infinity ? pipeOf(socket).reserve(bytes, each) : 0;
      const together = total < Infinity ? shared.reserve(bytes, total) : 0;
      return Math.max(alone, together);
    },
  };
}
