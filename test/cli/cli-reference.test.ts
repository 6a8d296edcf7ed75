import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

const PAGE = fileURLToPath(new URL('../../docs/cli.md', import.meta.url));
const WIDTH = 120;

test('docs/cli.md is what the commands say of themselves (npm run docs renews it)', async () => {
  await expect(cliReference()).toMatchFileSnapshot(PAGE);
});

function cliReference(): string {
  const nothing = async () => undefined;
  const program = createProgram('', {
    push: nothing,
    status: nothing,
    validate: nothing,
    completion: nothing,
    help: nothing,
  });
  const pages = [program, ...program.commands].map((command) => {
    let help = '';
    const writeOut = (text: string) => {
      help += text;
    };
    command.configureOutput({ writeOut, getOutHelpWidth: () => WIDTH, getOutHasColors: () => false });
    command.outputHelp();
    const name = command === program ? 'oci-modelcar' : `oci-modelcar ${command.name()}`;
    return `## ${name}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
  });
  return `# Command line\n\nGenerated from the program: \`npm run docs\`.\n\n${pages.join('\n')}`;
}
