import { VERSION } from '../version.ts';
import { BUG } from './exit-code.ts';
import { onSignals } from './interruption.ts';
import { keepHeapSmall } from './keep-heap-small.ts';
import { createProgram, wasHelped } from './program.ts';

/** What the words of the command line ask for. */
export async function run(): Promise<void> {
  keepHeapSmall();
  // A reader of our output that is gone is no reason to leave a push half done.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', onLostOutput);
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
  });
  try {
    if (process.argv.length <= 2) program.help();
    await program.parseAsync();
  } catch (error) {
    if (wasHelped(error)) return;
    const { report } = await import('./report.ts');
    process.exitCode = report(error, process, interruption);
  } finally {
    interruption.stop();
  }
}

/** Output that nobody wants is not lost; output that the disk did not take is, and a script must not go on with it. */
function onLostOutput(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || error.code === 'EIO') return;
  process.once('exit', () => {
    process.stderr.write(`error: cannot write to stdout: ${error.message}\n`);
    process.exitCode ||= BUG;
  });
}
