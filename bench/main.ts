import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELP, type Options, parseOptions } from './options.ts';
import { playAll } from './play-all.ts';
import { report } from './report/report.ts';
import { undoAll } from './rig/temporary.ts';
import { SCENARIOS } from './scenarios.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    undoAll();
    process.exit(code);
  });
}
process.on('exit', undoAll);

try {
  await run(parseOptions(process.argv.slice(2)));
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  if (options.help) process.stdout.write(HELP);
  else if (options.list) process.stdout.write(list());
  else {
    const results = await playAll(options, say);
    mkdirSync(options.out, { recursive: true });
    const files = report(results);
    for (const [name, content] of Object.entries(files)) {
      if (content !== undefined) writeFileSync(join(options.out, name), content);
    }
    process.stdout.write(files['results.md'] ?? '');
    say(`written to ${options.out}`);
    if (results.scenarios.length === 0 && results.startUp === undefined)
      throw new Error('nothing could be played');
    const failed = results.scenarios.flatMap(({ runs }) => runs).filter((one) => 'failure' in one);
    if (failed.length > 0) throw new Error(`${failed.length} runs failed`);
  }
}

function list(): string {
  return SCENARIOS.map(({ name, about, extra }) => `${name.padEnd(24)}${extra ? '+' : ' '} ${about}\n`).join(
    '',
  );
}
