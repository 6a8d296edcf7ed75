import { expect, test } from 'vitest';
import { chooseLogStyle, isColoured, isLive, type Surroundings } from './choose.ts';

const terminal: Surroundings = {
  style: 'text',
  verbosity: 'normal',
  env: { TERM: 'xterm-256color' },
  stderr: { isTTY: true },
};

test.each([
  ['the flag wins over every variable', 'text', { GITHUB_ACTIONS: 'true', TF_BUILD: 'True' }, 'text'],
  ['GITHUB_ACTIONS=true is GitHub', undefined, { GITHUB_ACTIONS: 'true', TF_BUILD: 'True' }, 'github'],
  ['GITHUB_ACTIONS with anything else is not', undefined, { GITHUB_ACTIONS: '1' }, 'text'],
  ['TF_BUILD is read in any case', undefined, { TF_BUILD: 'TRUE' }, 'azure'],
  ['an empty TF_BUILD is unset', undefined, { TF_BUILD: '' }, 'text'],
  ['without a sign it is text', undefined, {}, 'text'],
] as const)('%s', (_, flag, env, style) => {
  expect(chooseLogStyle(flag, env)).toBe(style);
});

test.each<[fact: string, change: Partial<Surroundings>, live: boolean]>([
  ['a terminal gets the live view', {}, true],
  ['so does a verbose run', { verbosity: 'verbose' }, true],
  ['a quiet run does not', { verbosity: 'quiet' }, false],
  ['a pipe does not', { stderr: {} }, false],
  ['a terminal that cannot move its cursor does not', { env: { TERM: 'dumb' } }, false],
  ['CI with a terminal does not', { env: { CI: 'true' } }, false],
  ['CI=false is no CI', { env: { CI: 'false' } }, true],
  ['another style does not', { style: 'github' }, false],
])('%s', (_, change, live) => {
  expect(isLive({ ...terminal, ...change })).toBe(live);
});

test.each<[fact: string, change: Partial<Surroundings>, coloured: boolean]>([
  ['a terminal has colours', {}, true],
  ['not with NO_COLOR', { env: { NO_COLOR: '1' } }, false],
  ['an empty NO_COLOR is unset', { env: { NO_COLOR: '' } }, true],
  ['a pipe has none', { stderr: {} }, false],
  ['a pipe has them with FORCE_COLOR', { stderr: {}, env: { FORCE_COLOR: '1' } }, true],
  ['a pipe has them with CLICOLOR_FORCE', { stderr: {}, env: { CLICOLOR_FORCE: '1' } }, true],
  ['a pipe has none with FORCE_COLOR=0', { stderr: {}, env: { FORCE_COLOR: '0' } }, false],
  ['NO_COLOR wins over FORCE_COLOR', { env: { NO_COLOR: '1', FORCE_COLOR: '1' } }, false],
  ['the logs of CI services have none of ours', { style: 'azure' }, false],
])('%s', (_, change, coloured) => {
  expect(isColoured({ ...terminal, ...change })).toBe(coloured);
});
