import { VERSION } from '../version.ts';
import { onSignals } from './interruption.ts';
import { createProgram, wasHelped, withPlainOptions } from './program.ts';

/** What the words of the command line ask for. */
export async function run(): Promise<void> {
  const interruption = onSignals();
  // Each command is loaded when it is wanted: help and version are quick.
  const program = createProgram(VERSION, {
    async push(words) {
      const { push } = await import('./commands/push.ts');
      process.exitCode = await push(words, process, interruption);
    },
    async status(words) {
      const { status } = await import('./commands/status.ts');
      process.stdout.write(await status(words, process, interruption.signal));
    },
    async validate(words) {
      const { validate } = await import('./commands/validate.ts');
      process.exitCode = await validate(words, process, interruption.signal);
    },
    async completion(shell) {
      const { completion } = await import('./commands/completion.ts');
      process.stdout.write(await completion(shell));
    },
    async help(page) {
      const { manualPage } = await import('./commands/help.ts');
      process.stdout.write(await manualPage(page));
    },
  });
  try {
    if (process.argv.length <= 2) program.help();
    await program.parseAsync(withPlainOptions(process.argv.slice(2)), { from: 'user' });
  } catch (error) {
    if (wasHelped(error)) return;
    const { report } = await import('./report.ts');
    process.exitCode = report(error, process, interruption);
  } finally {
    interruption.stop();
  }
}
