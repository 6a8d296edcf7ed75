#!/usr/bin/env node
import { homedir } from 'node:os';
import { ModelcarError, type PushEvent, type PushResult, planPush, pushModel, VERSION } from '../index.ts';
import { BUG, EXIT_CODES } from './exit-code.ts';
import { explain } from './explain.ts';
import { type PushWords, toPushOptions } from './options.ts';
import { createProgram, usageMessage } from './program.ts';
import { readTokenFile } from './token-file.ts';
import { createTextFormat, formatPlan, toLines } from './ui/text.ts';

// A reader of our output that is gone is no reason to leave a push half done.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

await main();

async function main(): Promise<void> {
  const interruption = onSignals();
  const program = createProgram(VERSION, { push: (words) => push(words, interruption) });
  try {
    if (process.argv.length <= 2) program.help();
    await program.parseAsync();
  } catch (error) {
    process.exitCode = report(error);
    if (error === interruption.signal.reason) process.exitCode = interruption.exitCode();
  } finally {
    interruption.stop();
  }
}

async function push(
  words: PushWords & { readonly dryRun: boolean },
  interruption: Interruption,
): Promise<void> {
  const options = toPushOptions(words, process.env, {
    tokenFile: await readTokenFile(process.env),
    home: homedir(),
    uid: process.getuid?.(),
  });
  const format = createTextFormat(() => performance.now());
  const observed = {
    ...options,
    signal: interruption.signal,
    onEvent(event: PushEvent) {
      if (event.type === 'manifest-pushed') interruption.noteTagging();
      process.stderr.write(toLines(format(event)));
    },
  };
  if (words.dryRun) process.stderr.write(toLines(formatPlan(await planPush(observed))));
  else process.stdout.write(formatResult(await pushModel(observed)));
}

/** What scripts read, in the Python tool's words. */
function formatResult({ manifestDigest, imageReference, imageReferenceDigest }: PushResult): string {
  return toLines([
    `MANIFESTDIGEST=${manifestDigest}`,
    `IMAGEREF=${quoted(imageReference)}`,
    `IMAGEREFDIGEST=${quoted(imageReferenceDigest)}`,
  ]);
}

/** As a shell reads it: a folder can have any name, and these lines are made to be evaluated. */
function quoted(value: string): string {
  return /^[\w@%+=:,./[\]-]*$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** Says what went wrong and returns the exit code. */
function report(error: unknown): number {
  const usage = usageMessage(error);
  if (usage?.exitCode === 0) return 0; // --help and --version
  const shown = usage
    ? new ModelcarError('USAGE', usage.message, { hint: 'Run: oci-modelcar push --help' })
    : error;
  process.stderr.write(toLines(explain(shown)));
  return shown instanceof ModelcarError ? EXIT_CODES[shown.code] : BUG;
}

interface Interruption {
  readonly signal: AbortSignal;
  /** From here on a tag may have been set already. */
  noteTagging(): void;
  exitCode(): number;
  stop(): void;
}

/** The first Ctrl-C stops the work in good order; the second finds no handler and ends the process at once. */
function onSignals(): Interruption {
  const controller = new AbortController();
  let exitCode: number = EXIT_CODES.CANCELLED;
  let nothingTagged = ': nothing was tagged';
  const handle = (name: NodeJS.Signals) => {
    process.off('SIGINT', handle);
    process.off('SIGTERM', handle);
    if (name === 'SIGTERM') exitCode = 128 + 15;
    controller.abort(
      new ModelcarError('CANCELLED', `stopped by ${name}${nothingTagged}`, {
        hint: 'Run the same command again.',
      }),
    );
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    noteTagging() {
      nothingTagged = '';
    },
    exitCode: () => exitCode,
    stop() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}
