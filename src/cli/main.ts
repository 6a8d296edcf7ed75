#!/usr/bin/env node
import nodeModule from 'node:module';
import { quickAnswer } from './quick-answer.ts';

const answer = quickAnswer(process.argv.slice(2), process.stdout.columns);
if (answer !== undefined) process.stdout.write(answer);
else {
  // From Node 22.8 on: what was compiled once is not compiled again by the next run.
  (nodeModule as { enableCompileCache?: () => unknown }).enableCompileCache?.();
  await (await import('./run.ts')).run();
}
