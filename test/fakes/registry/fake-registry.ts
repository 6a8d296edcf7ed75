import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { CERTIFICATE, KEY } from '../../support/test-certificate.ts';
import { type Auth, type AuthOptions, createAuth } from './auth.ts';
import { ConnectionCut, cutConnection, EarlyAnswer, type Exchange, type World } from './exchange.ts';
import { createFaultBook, type Fault } from './faults.ts';
import { type Gate, gateKeeper } from './gate.ts';
import { answerTo } from './handlers.ts';
import { createRateLimit, effectsOf, type Limits } from './limits.ts';
import { type Nodes, nodeFor } from './nodes.ts';
import { type PersonalityName, personalityOf } from './personalities.ts';
import type { Personality } from './personality.ts';
import { type LogEntry, openEntry, uploadBytes } from './request-log.ts';
import { routeOf } from './routes.ts';
import { send } from './send.ts';
import { createSessions, type UploadSession } from './sessions.ts';
import { createStore, type StoredBlob, type StoredManifest } from './store.ts';

export interface FakeRegistryOptions {
  /** Default `dist28`, the strictest in the field. */
  readonly personality?: PersonalityName | Personality;
  readonly auth?: AuthOptions;
  readonly faults?: readonly Fault[];
  /** Content kept in memory in all; past it blobs are hashed and counted only. 0 keeps none. */
  readonly keepBytes?: number;
  /** Repositories that are there from the start, for personalities that create none by themselves. */
  readonly repositories?: readonly string[];
  /** Tags that no PUT changes once they exist, in every repository; the refusal is the personality's. */
  readonly immutableTags?: readonly string[];
  /** On top of the personality's own. */
  readonly limits?: Limits;
  /** Instead of the personality's: several registries behind one address. */
  readonly nodes?: Nodes;
  /** How long a second of the limits takes, so that a minute need not be waited for. Default 1000. */
  readonly secondMs?: number;
  /** The clock of the rate limit and of the age of uploads. Default: the machine's. */
  readonly now?: () => number;
  /** With the certificate of the tests' private CA. */
  readonly tls?: boolean;
}

export interface FakeRegistry {
  /** `127.0.0.1:<port>`, as it stands in an image reference. */
  readonly host: string;
  readonly origin: string;
  /** The same registry on another port, so another origin, which asks for no authorization. */
  readonly otherHost: string;
  readonly personality: Personality;
  readonly auth: Auth;
  /** Every request in the order of arrival. */
  readonly log: readonly LogEntry[];
  /** Body bytes of all uploads that reached the registry. */
  readonly bytesReceived: number;
  /** Uploads neither committed nor cancelled nor lost. */
  readonly openSessions: number;
  readonly sessions: readonly UploadSession[];
  readonly blobs: ReadonlyMap<string, StoredBlob>;
  manifests(repository: string): ReadonlyMap<string, StoredManifest>;
  /** Tag to digest. */
  tags(repository: string): ReadonlyMap<string, string>;
  /** The bytes of a blob the repository has; undefined when it has not, or when they were not kept. */
  readBlob(repository: string, digest: string): Buffer | undefined;
  /** Put a blob there, as an earlier push would have. */
  seedBlob(repository: string, bytes: Buffer): string;
  /** Point a tag at a manifest, as another client would. */
  moveTag(repository: string, tag: string, digest: string): void;
  /** Take a blob away, as a clean-up that knew too little would. */
  dropBlob(repository: string, digest: string): void;
  addFault(fault: Fault): void;
  /** Faults whose turn has not come: a test that leaves some has not tested what it says. */
  readonly pendingFaults: readonly Fault[];
  gate(): Gate;
  /** As after a restart without `http.secret`. */
  changeSecret(): void;
  /** As when the purger has run. */
  forgetSessions(): void;
  close(): Promise<void>;
}

const defaultKeepBytes = 64 * 1024 * 1024;

export async function startFakeRegistry(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const personality = personalityOf(options.personality ?? 'dist28');
  const budget = { limit: options.keepBytes ?? defaultKeepBytes, used: 0 };
  const store = createStore(budget);
  const { secondMs = 1_000, now = () => performance.now() } = options;
  const limits: Limits = { ...personality.limits, ...options.limits };
  const nodes = options.nodes ?? personality.nodes;
  const limitMs = (limits.uploadSeconds ?? Number.POSITIVE_INFINITY) * secondMs;
  const sessions = createSessions(personality, budget, { now, limitMs });
  const gates = gateKeeper();
  const world: World = {
    personality,
    store,
    sessions,
    gates,
    limits,
    rateLimit: createRateLimit(limits.rate, now, secondMs),
    nodes,
    timeLeft: ({ startedMs }) => startedMs + limitMs - now(),
    repositories: new Set(options.repositories),
    immutableTags: new Set(options.immutableTags),
    hidden: new Map(),
  };
  const faults = createFaultBook(options.faults);
  const log: LogEntry[] = [];
  const sockets = new Map<Socket, number>();

  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    origin: LogEntry['origin'],
    expectsContinue: boolean,
  ): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://registry.invalid');
    const route = routeOf(request.method ?? '', url);
    const connection = sockets.get(request.socket) ?? 0;
    const node = nodeFor(nodes, request, { turn: log.length, connection });
    const entry = openEntry(request, route, origin, { connection, node });
    log.push(entry);
    const effects = { ...effectsOf(limits, entry, secondMs), ...faults.strike(entry) };
    const exchange: Exchange = {
      request,
      response,
      url,
      entry,
      effects,
      expectsContinue,
      session: undefined,
    };
    try {
      const answer = await answerTo({ world, auth, otherHost: hostOf(other) }, exchange);
      if (effects.holdAnswer) await gates.pass(effects.holdAnswer);
      if (effects.dropsAnswer) cutConnection(exchange);
      else await send(world, exchange, answer);
    } catch (error) {
      if (error instanceof EarlyAnswer) await send(world, exchange, error.answer);
      else if (error instanceof ConnectionCut) settleCut(exchange, error.by);
      else
        await send(world, exchange, { status: 500, headers: {}, body: `the fake broke: ${String(error)}\n` });
    }
  }

  const { tls = false } = options;
  const scheme = tls ? 'https' : 'http';
  const main = listener(serve, { origin: 'main', tls }, sockets);
  const other = listener(serve, { origin: 'other', tls }, sockets);
  await Promise.all([listen(main), listen(other)]);
  const auth = createAuth(
    options.auth,
    {
      main: () => `${scheme}://${hostOf(main)}`,
      other: () => `${scheme}://${hostOf(other)}`,
    },
    personality.tokenLifeSeconds,
  );

  return {
    host: hostOf(main),
    origin: `${scheme}://${hostOf(main)}`,
    otherHost: hostOf(other),
    personality,
    auth,
    log,
    get bytesReceived() {
      return uploadBytes(log);
    },
    get openSessions() {
      return sessions.open.size;
    },
    get sessions() {
      return [...sessions.open.values()];
    },
    blobs: store.blobs,
    manifests: (repository) => store.repositories.get(repository)?.manifests ?? new Map(),
    tags: (repository) => store.repositories.get(repository)?.tags ?? new Map(),
    readBlob: (repository, digest) => store.blob(repository, digest)?.bytes,
    seedBlob(repository, bytes) {
      const session = sessions.begin(repository, 0);
      session.content.append(bytes);
      sessions.end(session);
      return store.commit(repository, session.content.sha256, session.content).digest;
    },
    moveTag: (repository, tag, digest) => store.tag(repository, tag, digest),
    dropBlob: (repository, digest) => store.unlink(repository, digest),
    addFault: (fault) => faults.add(fault),
    get pendingFaults() {
      return faults.pending;
    },
    gate: () => gates.open(),
    changeSecret: () => sessions.changeSecret(),
    forgetSessions() {
      for (const session of [...sessions.open.values()]) sessions.end(session);
    },
    async close() {
      gates.releaseAll();
      const closed = [main, other].map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of sockets.keys()) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function settleCut(exchange: Exchange, by: 'client' | 'registry'): void {
  const { entry, request } = exchange;
  entry.cut ??= by;
  if (entry.cut === 'registry') {
    cutConnection(exchange);
    return;
  }
  entry.status = 499;
  request.socket.destroy();
}

function listener(
  serve: (
    request: IncomingMessage,
    response: ServerResponse,
    origin: LogEntry['origin'],
    expectsContinue: boolean,
  ) => Promise<void>,
  { origin, tls }: { readonly origin: LogEntry['origin']; readonly tls: boolean },
  sockets: Map<Socket, number>,
): Server {
  // Slow uploads are part of the tests: no time limit that no fault asked for.
  const patient = { requestTimeout: 0, keepAliveTimeout: 60_000 };
  const server = tls ? createTlsServer({ ...patient, key: KEY, cert: CERTIFICATE }) : createServer(patient);
  server.on('request', (request, response) => void serve(request, response, origin, false));
  server.on('checkContinue', (request, response) => void serve(request, response, origin, true));
  server.on('clientError', (_error, socket) => socket.destroy());
  let count = 0;
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    count += 1;
    sockets.set(socket, count);
    socket.once('close', () => sockets.delete(socket));
  });
  return server;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}

function hostOf(server: Server): string {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake registry does not listen');
  return `127.0.0.1:${address.port}`;
}
