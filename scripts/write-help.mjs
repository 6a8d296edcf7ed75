// Writes down what the parser says to --version and --help, so that src/cli/quick-answer.ts can say it at once.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createProgram } from '../dist/cli/program.js';
import { VERSION } from '../dist/version.js';

const folder = new URL('../dist/cli/quick/', import.meta.url);
mkdirSync(folder, { recursive: true });
write('version', `${VERSION}\n`);
const program = createProgram(VERSION, {});
write('help', helpOf(program));
for (const command of program.commands) write(`help-${command.name()}`, helpOf(command));

function helpOf(command) {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}

function write(name, text) {
  writeFileSync(new URL(`${name}.txt`, folder), text);
}
