import { inert } from './inert.ts';
import { type FormatEntry, withoutLevel } from './log-entry.ts';

/**
 * Entries as Azure Pipelines reads them.
 *
 * @see https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
 */
export const formatAzure: FormatEntry = (entry) => {
  switch (entry.kind) {
    case 'info':
      return [inert(entry.text)];
    case 'detail':
      return [`##[debug]${inert(entry.text)}`];
    case 'progress':
      return [
        `##vso[task.setprogress value=${entry.percent}]${escapeData(inert(entry.text))}`,
        inert(entry.text),
      ];
    case 'heading':
      return [`##[section]${inert(entry.text)}`];
    case 'group':
      return [`##[group]${inert(entry.text)}`];
    case 'group-end':
      return ['##[endgroup]'];
    case 'warning':
      return [`##[warning]${inert(entry.text)}`];
    case 'error':
      return withoutLevel(entry.lines).map((line) => `##[error]${inert(line)}`);
  }
};

/**
 * A variable of this step that later steps and jobs can read. The value is exact, whatever it is: the agent takes the
 * first command of a line.
 */
export function azureOutput([name, value]: readonly [name: string, value: string]): string {
  return `##vso[task.setvariable variable=${name};isOutput=true]${escapeData(value)}`;
}

/** What follows a `##vso[…]` is unescaped by the agent; what follows a `##[…]` is not. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%AZP25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
