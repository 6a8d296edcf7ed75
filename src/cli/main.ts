#!/usr/bin/env node
import { guardOutput } from './lost-output.ts';
import { quickAnswer } from './quick-answer.ts';

guardOutput();
const answer = quickAnswer(process.argv.slice(2), process.stdout.columns);
if (answer !== undefined) process.stdout.write(answer);
else {
  const { keepHeapSmall } = await import('./keep-heap-small.ts');
  keepHeapSmall();
  await (await import('./run.ts')).run();
}
