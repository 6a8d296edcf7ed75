import type { Contender, Task } from './contenders/contender.ts';
import { checkPushed } from './measure/check-pushed.ts';
import { runMeasured } from './measure/run-measured.ts';
import type { Run, ScenarioResult } from './results.ts';
import { type Rig, type RigStart, startRig } from './rig/rig.ts';
import { temporaryFolder } from './rig/temporary.ts';
import { type Scenario, totalBytes, unitOf } from './scenario.ts';

export interface Play extends RigStart {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** Where contenders keep what they keep: on disk. */
  readonly disk: string;
  readonly say: (line: string) => void;
}

/** A run that makes less than this is stuck. */
const SLOWEST = 4 * 2 ** 20;
const PATIENCE_MS = 60_000;

/** Each contender once a round, another one first in each: what the machine does meanwhile meets them all. */
export async function playScenario(play: Play): Promise<ScenarioResult> {
  const { scenario, contenders, rounds, say } = play;
  const rig = await startRig(play);
  const runs: Run[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of rotated(contenders, round)) {
        const run = await runOnce(play, rig, contender, round).catch((error: unknown) =>
          failed(contender, round, error),
        );
        say(describe(scenario, run));
        runs.push(run);
      }
    }
  } finally {
    await rig.stop();
  }
  return { scenario, runs: runs.map((run) => sameImage(run, runs)) };
}

function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, index) => list[(index + by) % list.length]).filter((entry) => entry !== undefined);
}

async function runOnce(
  { scenario, model, disk }: Play,
  rig: Rig,
  contender: Contender,
  round: number,
): Promise<Run> {
  const folder = temporaryFolder(disk);
  const target = await rig.startTarget();
  try {
    const task: Task = {
      model,
      hub: rig.hub,
      storageUrl: rig.storageUrl,
      registry: target.origin,
      repository: 'bench/model',
      tag: 'bench',
      workers: scenario.workers,
      caFile: rig.caFile,
      folder: folder.path,
    };
    const command = contender.command(task);
    const before = await rig.hubRequests();
    const limitMs = PATIENCE_MS + (totalBytes(scenario.model) / SLOWEST) * 1_000;
    const { stdout: _, ...figures } = await runMeasured(command, folder.path, limitMs);
    const registryRequests = await target.requests();
    const hubRequests = (await rig.hubRequests()) - before;
    const digest = await checkPushed(contender, task, rig.tls?.ca);
    return { contender: contender.name, round, ...figures, hubRequests, registryRequests, digest };
  } finally {
    await target.stop();
    folder.remove();
  }
}

function failed({ name }: Contender, round: number, error: unknown): Run {
  return { contender: name, round, failure: error instanceof Error ? error.message : String(error) };
}

/** The same model makes the same image: ours in every round. */
function sameImage(run: Run, runs: readonly Run[]): Run {
  if ('failure' in run || run.contender !== 'ours') return run;
  const first = runs.find((other) => other.contender === 'ours' && !('failure' in other));
  if (first === undefined || 'failure' in first || first.digest === run.digest) return run;
  return { contender: 'ours', round: run.round, failure: `the image is ${run.digest}, was ${first.digest}` };
}

function describe(scenario: Scenario, run: Run): string {
  const head = `${scenario.name}, round ${run.round + 1}, ${run.contender}:`;
  if ('failure' in run) return `${head} FAILED: ${run.failure}`;
  const unit = unitOf(scenario);
  const rate = ((unit.amount * 1e3) / run.seconds).toFixed(0);
  const processor = (run.userSeconds + run.systemSeconds).toFixed(1);
  const memory = run.peakRssBytes === undefined ? '' : `, ${(run.peakRssBytes / 1e6).toFixed(0)} MB`;
  return `${head} ${run.seconds.toFixed(1)} s, ${rate} ${unit.rate}, CPU ${processor} s${memory}`;
}
