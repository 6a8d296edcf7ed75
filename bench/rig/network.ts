/** The way between client and registry. */
export interface Network {
  /** Where the registry runs: the address that it listens on, and what starts a process there. */
  readonly server: { readonly address: string; readonly prefix: readonly string[] };
  /** What a client is told of a server that listens on this port there. */
  reach(port: number): Promise<{ readonly host: string; stop(): Promise<void> }>;
  /** How the way was made, for people. */
  readonly about: string;
  stop(): void;
}

/** Nothing between them. */
export const LOOPBACK: Network = {
  server: { address: '127.0.0.1', prefix: [] },
  reach: async (port) => ({ host: `127.0.0.1:${port}`, stop: async () => undefined }),
  about: 'loopback',
  stop: () => undefined,
};
