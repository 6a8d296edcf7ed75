#!/usr/bin/env node
import nodeModule from 'node:module';
import { guardOutput } from './lost-output.ts';
import { quickAnswer } from './quick-answer.ts';

guardOutput();
const answer = quickAnswer(process.argv.slice(2), process.stdout.columns);
if (answer !== undefined) process.stdout.write(answer);
else {
  const { keepHeapSmall } = await import('./keep-heap-small.ts');
  keepHeapSmall();
  // From Node 22.8 on: what was compiled once, with these flags, is not compiled again by the next run.
  (nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();
  await (await import('./run.ts')).run();
}
