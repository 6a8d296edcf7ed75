import type { AddressInfo, Server } from 'node:net';

/** What the benchmark says to one of its servers, and what it hears from it. */
export type ToServer<Start> = { readonly start: Start } | { readonly say: 'report' | 'reset' };
export type FromServer<Report> = { readonly port: number } | { readonly report: Report };

export interface Served<Report> {
  readonly server: Server;
  readonly address: string;
  readonly report: () => Report;
  readonly reset: () => void;
}

/** The life of a server process: started by the first message, asked by others, gone with its parent. */
export function serveParent<Start, Report>({
  start,
}: {
  readonly start: (start: Start) => Served<Report>;
}): void {
  let served: Served<Report> | undefined;
  const send = (message: FromServer<Report>) => process.send?.(message);
  process.on('message', (message: ToServer<Start>) => {
    if ('start' in message) {
      const fresh = start(message.start);
      served = fresh;
      fresh.server.listen(0, fresh.address, () =>
        send({ port: (fresh.server.address() as AddressInfo).port }),
      );
    } else if (served !== undefined) {
      if (message.say === 'reset') served.reset();
      send({ report: served.report() });
    }
  });
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches every process of the terminal; the benchmark itself decides when its servers end.
  process.on('SIGINT', () => undefined);
}
