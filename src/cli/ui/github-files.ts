import { appendFileSync } from 'node:fs';
import type { PushResult } from '../../index.ts';
import type { Progress } from './progress.ts';
import type { Environment, Failure } from './renderer.ts';
import { failureSummary, stepSummary } from './step-summary.ts';
import { outputsOf } from './variables.ts';

/** The files through which GitHub takes the outputs and the summary of a step. */
export interface GithubFiles {
  result(result: PushResult, progress: Progress): void;
  error(failure: Failure): void;
}

/** @param onWarning a file that cannot be written costs a warning: the image is there */
export function createGithubFiles(env: Environment, onWarning: (message: string) => void): GithubFiles {
  const append = (variable: 'GITHUB_OUTPUT' | 'GITHUB_STEP_SUMMARY', text: string) => {
    const file = env[variable];
    if (file === undefined || file === '') return;
    try {
      appendFileSync(file, text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      onWarning(`cannot write ${variable}: ${why}`);
    }
  };
  return {
    result(result, progress) {
      append('GITHUB_OUTPUT', outputsOf(result).map(formatOutput).join(''));
      append('GITHUB_STEP_SUMMARY', stepSummary(result, progress));
    },
    error: ({ lines }) => append('GITHUB_STEP_SUMMARY', failureSummary(lines)),
  };
}

/**
 * `name<<delimiter`, the value, the delimiter: whatever the value is, it cannot end itself.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings
 */
function formatOutput([name, value]: readonly [name: string, value: string]): string {
  let delimiter = 'END';
  while (value.includes(delimiter)) delimiter += '_';
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}
