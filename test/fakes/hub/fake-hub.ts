import { requireMarked } from '../../support/secrets.ts';
import type { TokenSpec } from './auth.ts';
import type { FileMap, HubFile } from './content.ts';
import type { Fault, FaultHandle } from './faults.ts';
import type { Listener } from './listener.ts';
import { type MachineOptions, startMachine } from './machine.ts';
import type { Quota } from './rate-limit.ts';
import { addCommit, type Commit, commitAt, createRepo, type Repo, type RepoSpec } from './repo-graph.ts';
import { type LogEntry, type LogFilter, matchesFilter, type Origin } from './request-log.ts';
import type { HubState, Knobs } from './state.ts';

export { bytes, disk, json, synthetic, text } from './content.ts';

export type FakeHubOptions = MachineOptions;

/** A Hugging Face Hub on the loopback: the Hub at `127.0.0.1`, its CDN at `localhost` on another port. */
export interface FakeHub {
  readonly endpoint: string;
  readonly cdnOrigin: string;
  /** May be changed at any time; counts from the next request on. */
  readonly knobs: Knobs;
  /** Every request in order of arrival; entries of running requests still grow. */
  readonly log: readonly LogEntry[];
  requests(filter?: LogFilter): readonly LogEntry[];
  /** Requests that brought an Authorization header to the CDN. */
  leaks(): readonly LogEntry[];
  bytesSent(filter?: LogFilter): number;
  peakConnections(origin: Origin): number;
  peakRequests(origin: Origin): number;
  clearLog(): void;
  addFault(fault: Fault): FaultHandle;
  clearFaults(): void;
  /** Replaces the quota and starts counting anew. */
  setQuota(quota: Quota): void;
  advanceClock(seconds: number): void;
  /** Makes every signed URL minted so far answer 403, as one whose hour is over. */
  expireUrls(): void;
  addRepo(spec: RepoSpec): void;
  /** `private`, `gated` and `disabled` may be changed. */
  repo(id: string): Repo;
  commitOf(id: string, revision?: string): string;
  /** A new commit on a branch; the old one stays reachable by its sha. */
  moveBranch(id: string, branch: string, files: FileMap): string;
  /** The same, but the old commit is gone: its sha becomes an unknown revision. */
  forcePush(id: string, branch: string, files: FileMap): string;
  putFile(id: string, branch: string, path: string, file: HubFile): string;
  removeFile(id: string, branch: string, path: string): string;
  setToken(token: string, spec: TokenSpec | undefined): void;
  /** Connections are refused until it comes back on the same port. */
  goDown(origin: Origin): Promise<void>;
  comeBack(origin: Origin): Promise<void>;
  /** Ends every connection; throws if the fake itself failed on a request. */
  close(): Promise<void>;
}

export async function startFakeHub(options: FakeHubOptions = {}): Promise<FakeHub> {
  const machine = await startMachine(options);
  const { state, log, faults, limiter, listeners, requestGauges } = machine;
  const requests = (filter: LogFilter = {}): LogEntry[] =>
    log.filter((entry) => matchesFilter(entry, filter));
  const origins = (origin: Origin): readonly Listener[] =>
    origin === 'hub' ? [listeners.hub] : listeners.cdns;
  return {
    endpoint: state.endpoint,
    cdnOrigin: state.cdnOrigins[0] ?? '',
    knobs: state.knobs,
    log,
    requests,
    leaks: () => requests({ origin: 'cdn' }).filter((entry) => entry.hadAuthorization),
    bytesSent: (filter) => requests(filter).reduce((sum, entry) => sum + entry.bytesSent, 0),
    peakConnections: (origin) => origins(origin).reduce((sum, { connections }) => sum + connections.peak, 0),
    peakRequests: (origin) => requestGauges[origin].peak,
    clearLog: () => void log.splice(0),
    addFault: (fault) => faults.add(fault),
    clearFaults: () => faults.clear(),
    setQuota: (quota) => limiter.setQuota(quota),
    advanceClock: (seconds) => machine.advanceClock(seconds),
    expireUrls: () => state.signer.expireAll(),
    ...repoControls(state),
    setToken(token, spec) {
      requireMarked('a Hub token', token);
      if (spec) state.tokens[token] = spec;
      else delete state.tokens[token];
    },
    goDown: async (origin) => void (await Promise.all(origins(origin).map((one) => one.goDown()))),
    comeBack: async (origin) => void (await Promise.all(origins(origin).map((one) => one.comeBack()))),
    close: () => machine.close(),
  };
}

function repoControls(
  state: HubState,
): Pick<FakeHub, 'addRepo' | 'repo' | 'commitOf' | 'moveBranch' | 'forcePush' | 'putFile' | 'removeFile'> {
  const repoOf = (id: string): Repo => {
    const repo = state.repos.find((candidate) => candidate.id === id);
    if (!repo) throw new Error(`the fixture has no repository ${id}`);
    return repo;
  };
  const commitOf = (id: string, revision = 'main'): Commit => {
    const commit = commitAt(repoOf(id), revision);
    if (!commit) throw new Error(`${id} has no revision ${revision}`);
    return commit;
  };
  const moveBranch = (id: string, branch: string, files: FileMap): string => {
    const repo = repoOf(id);
    const sha = addCommit(repo, files);
    repo.branches.set(branch, sha);
    return sha;
  };
  return {
    addRepo: (spec) => void state.repos.push(createRepo(spec)),
    repo: repoOf,
    commitOf: (id, revision) => commitOf(id, revision).sha,
    moveBranch,
    forcePush(id, branch, files) {
      repoOf(id).commits.delete(commitOf(id, branch).sha);
      return moveBranch(id, branch, files);
    },
    putFile: (id, branch, path, file) =>
      moveBranch(id, branch, { ...Object.fromEntries(commitOf(id, branch).files), [path]: file }),
    removeFile(id, branch, path) {
      const files = [...commitOf(id, branch).files].filter(([name]) => name !== path);
      return moveBranch(id, branch, Object.fromEntries(files));
    },
  };
}
