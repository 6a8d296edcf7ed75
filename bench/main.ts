import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import type { Contender } from './contenders/contender.ts';
import { ours } from './contenders/ours.ts';
import { python } from './contenders/python.ts';
import { relay } from './contenders/relay.ts';
import { playScenario } from './play-scenario.ts';
import { writeModel } from './rig/model.ts';
import { memoryFolder, temporaryFolder } from './rig/temporary.ts';
import { SCENARIOS, scaled } from './scenarios.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
const scale = Number(process.argv[2] ?? 0.05);
const only = process.argv[3];
const all = [ours(), relay(), python('0.4.1', say), python('1.3.0', say)];
const scratch = temporaryFolder(memoryFolder());
const disk = temporaryFolder(tmpdir());
for (const original of SCENARIOS) {
  if (only !== undefined && !original.name.includes(only)) continue;
  const scenario = scaled(original, scale);
  const files = join(scratch.path, 'model-' + scenario.name);
  mkdirSync(files);
  const model = writeModel(scenario.model, files);
  const contenders = all.filter((c): c is Contender => 'command' in c && scenario.contenders.includes(c.name));
  await playScenario({ scenario, model, contenders, rounds: 1, scratch: scratch.path, disk: disk.path, say });
}
scratch.remove();
disk.remove();
