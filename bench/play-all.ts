import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender, Missing } from './contenders/contender.ts';
import { ours } from './contenders/ours.ts';
import { python } from './contenders/python.ts';
import { relay } from './contenders/relay.ts';
import { skopeo } from './contenders/skopeo.ts';
import { describeMachine, gitCommit } from './machine.ts';
import { timeStartUp } from './measure/time-start-up.ts';
import type { Options } from './options.ts';
import { playScenario } from './play-scenario.ts';
import type { Results, ScenarioResult } from './results.ts';
import { type Model, writeModel } from './rig/model.ts';
import { delayKind } from './rig/network.ts';
import { findProgram } from './rig/programs.ts';
import { noRoomFor } from './rig/room.ts';
import { hasDockerRegistry } from './rig/target.ts';
import { type Folder, memoryFolder, temporaryFolder } from './rig/temporary.ts';
import type { ModelSpec, Scenario } from './scenario.ts';
import { QUICK, SCENARIOS, scaled } from './scenarios.ts';

type Say = (line: string) => void;

const ROUNDS = 3;
const START_UP_ROUNDS = 25;

/** The whole benchmark, one scenario after the other. */
export async function playAll(options: Options, say: Say): Promise<Results> {
  const { contenders, missing } = findContenders(options, say);
  const source = options.source ?? (findProgram('nginx') === undefined ? 'node' : 'nginx');
  const delay = delayKind();
  const scratch = temporaryFolder(memoryFolder());
  const disk = temporaryFolder(tmpdir());
  const models = new Models(scratch, disk);
  const played: ScenarioResult[] = [];
  const notes = missing.map(({ name, why }) => `${name}: ${why}`);
  for (const scenario of chosen(options, contenders)) {
    const why = cannotPlay(scenario, disk.path);
    if (why !== undefined) {
      say(`${scenario.name}: left out, ${why}`);
      notes.push(`${scenario.name}: ${why}`);
      continue;
    }
    const rounds = scenario.rounds ?? options.rounds ?? (options.quick ? 1 : ROUNDS);
    const taking = contenders.filter(({ name }) => scenario.contenders.includes(name));
    const surroundings = { source, delay, scratch: scratch.path, disk: disk.path, say };
    played.push(
      await playScenario({
        scenario,
        model: models.of(scenario.model),
        contenders: taking,
        rounds,
        ...surroundings,
      }),
    );
  }
  if (delay === 'proxy' && played.some(({ scenario }) => scenario.registryRttMs !== undefined))
    notes.push('delays by the kernel (ip netns, tc netem): not to be had here, a proxy of ours makes them');
  if (source === 'node') notes.push('nginx: not used, a Node process sends the bytes; it costs more');
  const wantsStartUp =
    options.scenarios.length === 0 || options.scenarios.some((name) => 'start-up'.startsWith(name));
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: gitCommit(),
    machine: describeMachine(),
    source: source === 'nginx' ? 'nginx, sendfile from memory' : 'a Node process',
    contenders: Object.fromEntries(
      contenders.filter(playedBy(played)).map(({ name, about }) => [name, about]),
    ),
    notes,
    scenarios: played,
    startUp: wantsStartUp ? timeStartUp(START_UP_ROUNDS) : undefined,
  };
}

function playedBy(played: readonly ScenarioResult[]): (contender: Contender) => boolean {
  return ({ name }) => played.some(({ runs }) => runs.some(({ contender }) => contender === name));
}

function findContenders(
  { contenders: wanted }: Options,
  say: Say,
): { readonly contenders: readonly Contender[]; readonly missing: readonly Missing[] } {
  const finders = {
    ours,
    relay,
    'python-0.4.1': () => python('0.4.1', say),
    'python-1.3.0': () => python('1.3.0', say),
    skopeo,
  };
  const found = Object.entries(finders)
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .map(([, find]) => find());
  const isThere = (one: Contender | Missing): one is Contender => 'command' in one;
  const contenders = found.filter(isThere);
  const missing = found.filter((one): one is Missing => !isThere(one));
  for (const { name, why } of missing) say(`${name}: left out, ${why}`);
  return { contenders, missing };
}

function chosen(options: Options, contenders: readonly Contender[]): readonly Scenario[] {
  const { all, quick, scenarios, scale = quick ? 1 / 4 : 1 } = options;
  const isChosen = ({ name, extra }: Scenario) =>
    scenarios.length > 0
      ? scenarios.some((prefix) => (isExact(prefix) ? name === prefix : name.startsWith(prefix)))
      : quick
        ? QUICK.includes(name)
        : all || !extra;
  return SCENARIOS.filter(isChosen)
    .map((scenario) => ({
      ...scenario,
      contenders: scenario.contenders.filter((name) => contenders.some((one) => one.name === name)),
    }))
    .filter((scenario) => scenario.contenders.length > 0)
    .map((scenario) => (scale === 1 ? scenario : scaled(scenario, scale)));
}

function isExact(name: string): boolean {
  return SCENARIOS.some((scenario) => scenario.name === name);
}

function cannotPlay(scenario: Scenario, disk: string): string | undefined {
  if (scenario.target === 'docker-registry' && !hasDockerRegistry())
    return 'docker-registry is not on this machine';
  return noRoomFor(scenario, disk);
}

/** One model at a time: the next one needs the room. */
class Models {
  readonly #scratch: Folder;
  readonly #disk: Folder;
  #key = '';
  #model: Model | undefined;

  constructor(scratch: Folder, disk: Folder) {
    this.#scratch = scratch;
    this.#disk = disk;
  }

  of(spec: ModelSpec): Model {
    const key = JSON.stringify(spec);
    if (this.#model !== undefined && this.#key === key) return this.#model;
    if (this.#model !== undefined) rmSync(this.#model.folder, { recursive: true });
    // To read a hole in a file in memory may fill it, with some kernels; on disk it never does.
    const folder = join(spec.bytes === 'zeros' ? this.#disk.path : this.#scratch.path, 'model');
    mkdirSync(folder);
    this.#key = key;
    this.#model = writeModel(spec, folder);
    return this.#model;
  }
}
