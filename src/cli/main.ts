#!/usr/bin/env node
import { quickAnswer } from './quick-answer.ts';

const answer = quickAnswer(process.argv.slice(2), process.stdout.columns);
if (answer !== undefined) process.stdout.write(answer);
else await (await import('./run.ts')).run();
