import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { roomyFolder } from '../real/roomy-folder.ts';
import type { RunningRegistry } from '../real/start-registry.ts';
import { startCountingRelay } from '../support/counting-relay.ts';
import { type CliRun, variablesOf } from '../support/run-cli.ts';
import { MomentWatch } from './moment-watch.ts';
import { describeMoment, type Kill } from './moments.ts';
import { checkEveryFile } from './read-everything.ts';
import {
  type PushPlace,
  push,
  REPOSITORY,
  startWiredHub,
  stateFile,
  TAG,
  taggedDigest,
} from './wired-world.ts';

export interface RoundPlan {
  readonly sizes: readonly number[];
  readonly kills: readonly Kill[];
  readonly flags: readonly string[];
  readonly start: () => Promise<RunningRegistry>;
  /** Of the image, where it is known already. */
  readonly digest?: string | undefined;
}

export interface Round {
  /** Those that came in time. */
  readonly kills: readonly Kill[];
  readonly flags: readonly string[];
  readonly digest: string | undefined;
  /** Bytes that the Hub sent, in all pushes of the round. */
  readonly read: number;
  /** Bytes that went to the registry. */
  readonly sent: number;
  readonly seconds: number;
  /** From the signal to the end of the process, of the slowest that could end in good order. */
  readonly slowestStopMs: number;
  readonly peakRssKb: number;
  /** Files of a process that was killed while it wrote the state. */
  readonly unfinishedFiles: number;
}

/** Pushes into an empty registry, killed as often as planned, until it completes; then reads everything back. */
export async function playRound({ sizes, kills, flags, start, digest }: RoundPlan): Promise<Round> {
  const began = performance.now();
  const watch = new MomentWatch(sizes.reduce((sum, size) => sum + size, 0));
  const [folder, registry] = await Promise.all([roomyFolder('kill', 2 ** 29), start()]);
  const hub = await startWiredHub(sizes, { api: { onPiece: watch.onHubPiece } });
  const relay = await startCountingRelay(registry.host, { onPiece: watch.onRegistryPiece });
  const stateFolder = join(folder, 'state');
  const place = { hub, registryHost: relay.host, stateFolder, flags };
  try {
    const ends: KilledPush[] = [];
    for (const kill of kills) {
      const end = await killedPush(place, kill, watch);
      ends.push(end);
      await checkTag(registry, watch.tagAsked ? digest : undefined);
      await checkStateFile(stateFile(stateFolder));
      if (end.run.code === 0) break;
    }
    const { run, completed } = await complete(place, ends);
    const pushed = variablesOf(run).MANIFESTDIGEST;
    expect(await taggedDigest(registry)).toBe(pushed);
    await checkEveryFile(hub, `${registry.host}/${REPOSITORY}:${TAG}`, join(folder, 'copy'));
    return {
      kills: ends.filter(({ run }) => run.code !== 0).map(({ kill }) => kill),
      flags,
      digest: pushed,
      read: hub.bytesRead,
      sent: relay.bytesUp,
      seconds: (performance.now() - began) / 1000,
      slowestStopMs: Math.max(0, ...ends.map(({ stopMs }) => stopMs)),
      peakRssKb: Math.max(completed.maxRssKb, ...ends.map(({ peakRssKb }) => peakRssKb)),
      unfinishedFiles: await leftoversOf(stateFolder),
    };
  } finally {
    await relay.close();
    await Promise.all([hub.close(), registry.stop(), rm(folder, { recursive: true, force: true })]);
  }
}

interface KilledPush {
  readonly kill: Kill;
  readonly run: CliRun;
  readonly stopMs: number;
  readonly peakRssKb: number;
}

async function killedPush(place: PushPlace, kill: Kill, watch: MomentWatch): Promise<KilledPush> {
  const { moment, signal } = kill;
  let killedAt = Number.POSITIVE_INFINITY;
  let peakRssKb = 0;
  const when = async (pid: number) => {
    await watch.next(moment);
    killedAt = performance.now();
    peakRssKb = await peakRssOf(pid);
    // The signal goes out as soon as this has resolved, which is before any immediate.
    setImmediate(() => watch.letGo());
  };
  const run = await push(place, { kill: { signal, when } });
  const stopMs = performance.now() - killedAt;
  const story = `${signal} at ${describeMoment(moment)}:\n${run.stderr}`;
  // A push that was about to set its tag may be through before the signal is.
  const complete = watch.tagAsked ? [0] : [];
  expect([signal === 'SIGKILL' ? 137 : 143, ...complete], story).toContain(exitCodeOf(run));
  if (run.code === 143) expect(run.stderr, story).toContain('Run the same command again.');
  return { kill, run, stopMs: signal === 'SIGTERM' ? stopMs : 0, peakRssKb };
}

/** The push that is left alone, unless one that should have been killed was through. */
async function complete(
  place: PushPlace,
  ends: readonly KilledPush[],
): Promise<{ readonly run: CliRun; readonly completed: CliRun }> {
  const last = ends.at(-1)?.run;
  if (last?.code === 0) return { run: last, completed: last };
  const run = await push(place);
  expect(run.code, run.stderr).toBe(0);
  return { run, completed: run };
}

/** As a shell tells it: a process that a signal ended has 128 and the number of the signal. */
function exitCodeOf({ code }: CliRun): number {
  if (code === 'SIGKILL') return 128 + 9;
  if (code === 'SIGTERM') return 128 + 15;
  return typeof code === 'number' ? code : -1;
}

/** Nothing is tagged, or where the tag was asked for already, what is tagged is the whole image. */
async function checkTag(registry: RunningRegistry, whole: string | undefined): Promise<void> {
  const tagged = await taggedDigest(registry);
  expect([undefined, whole], 'tagged before the push was complete').toContain(tagged);
}

async function checkStateFile(file: string): Promise<void> {
  const state = await readFile(file, 'utf8').catch(() => undefined);
  if (state === undefined) return;
  expect(() => JSON.parse(state)).not.toThrow();
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
}

/** Only the state file may be left; a process that SIGKILL ended while it wrote leaves a part of one beside it. */
async function leftoversOf(stateFolder: string): Promise<number> {
  const others = (await readdir(stateFolder)).filter((name) => name !== 'state.json');
  const unfinished = others.filter((name) => name.startsWith('state.json.unfinished-'));
  expect(
    others.filter((name) => !unfinished.includes(name)),
    'left beside the state file',
  ).toEqual([]);
  for (const name of unfinished) expect((await stat(join(stateFolder, name))).mode & 0o777).toBe(0o600);
  return unfinished.length;
}

/** As the kernel counts it; 0 where there is no telling, or the process is gone. */
async function peakRssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
