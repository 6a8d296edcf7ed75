import { connect, createServer, type Socket } from 'node:net';
import { serveParent } from './serve-parent.ts';

/** A process of its own, for machines where the kernel may not be asked: what comes goes on after a while. */
export interface DelayStart {
  readonly address: string;
  readonly to: number;
  readonly oneWayMs: number;
}

export type DelayReport = Readonly<Record<string, never>>;

/** What is on its way in one direction: about what the kernel lets one connection have. */
const WINDOW = 4 * 2 ** 20;

serveParent<DelayStart, DelayReport>({
  start({ address, to, oneWayMs }) {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const upstream = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      delayed(client, upstream, oneWayMs);
      delayed(upstream, client, oneWayMs);
    });
    return { server, address, report: () => ({}), reset: () => undefined };
  },
});

function delayed(from: Socket, to: Socket, delayMs: number): void {
  let underWay = 0;
  from.on('data', (chunk: Buffer) => {
    underWay += chunk.length;
    if (underWay >= WINDOW) from.pause();
    setTimeout(() => {
      to.write(chunk, () => {
        underWay -= chunk.length;
        if (underWay < WINDOW) from.resume();
      });
    }, delayMs);
  });
  from.on('end', () => setTimeout(() => to.end(), delayMs));
  from.on('error', () => to.destroy());
  from.on('close', (broken) => {
    if (broken) to.destroy();
  });
}
