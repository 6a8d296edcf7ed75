import type { Environment, Output } from './renderer.ts';

export const LOG_STYLES = ['text', 'azure', 'github'] as const;

export type LogStyle = (typeof LOG_STYLES)[number];

/** What `--json` asks for, or a style for people. */
export type OutputStyle = LogStyle | 'json';

export type Verbosity = 'quiet' | 'normal' | 'verbose';

/**
 * The style of the log: the flag, else the CI service that we run in, else text.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/variables (`GITHUB_ACTIONS`)
 * @see https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables (`TF_BUILD`)
 */
export function chooseLogStyle(flag: LogStyle | undefined, env: Environment): LogStyle {
  if (flag !== undefined) return flag;
  if (env.GITHUB_ACTIONS === 'true') return 'github';
  if (env.TF_BUILD?.trim().toLowerCase() === 'true') return 'azure';
  return 'text';
}

export interface Surroundings {
  readonly style: OutputStyle;
  readonly verbosity: Verbosity;
  readonly env: Environment;
  readonly stderr: Pick<Output, 'isTTY'>;
}

/** Whether somebody looks on while it happens: then lines may be drawn again and again. */
export function isLive({ style, verbosity, env, stderr }: Surroundings): boolean {
  return style === 'text' && verbosity !== 'quiet' && canMoveCursor(env, stderr) && !isCi(env);
}

/** Colours only where they are seen, or where FORCE_COLOR asks for them: https://no-color.org, https://force-color.org */
export function isColoured({ style, env, stderr }: Omit<Surroundings, 'verbosity'>): boolean {
  if (style !== 'text' || (env.NO_COLOR ?? '') !== '') return false;
  return isOn(env.FORCE_COLOR) || isOn(env.CLICOLOR_FORCE) || canMoveCursor(env, stderr);
}

function isOn(text = ''): boolean {
  return !/^(|0|false)$/i.test(text.trim());
}

function canMoveCursor(env: Environment, stderr: Pick<Output, 'isTTY'>): boolean {
  return stderr.isTTY === true && env.TERM !== 'dumb';
}

function isCi({ CI = '' }: Environment): boolean {
  return isOn(CI);
}
