import { ModelcarError } from '../index.ts';
import {
  type Flag,
  type FlagName,
  type Flags,
  type ListFlag,
  longName,
  type SwitchFlag,
  type TextFlag,
  type Words,
  words as wordsOf,
} from './flag.ts';
import { holdsAccount } from './holds-account.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value came from, for messages: `--workers`, or `WORKERS`. */
interface Value {
  readonly text: string;
  readonly from: string;
}

/**
 * The values of a command's flags: what was given, else what its variables say. An empty value counts as none.
 * All methods throw ModelcarError `USAGE` where a value makes no sense.
 */
export interface FlagValues {
  text(name: TextFlag): string | undefined;
  list(name: ListFlag): readonly string[];
  /** A whole number from `least` to `most`. */
  integer(name: TextFlag, least: number, most: number): number | undefined;
  /** Bytes a second, such as `50M` or `50Mi`; 1,024 at least. */
  rate(name: TextFlag): number | undefined;
  /** Undefined where nothing was said. */
  decision(name: SwitchFlag): boolean | undefined;
  /** Whether it was given as a flag, whatever the variables say. */
  wasGiven(name: FlagName): boolean;
}

export function readFlags(table: Flags, words: Words, env: Environment): FlagValues {
  function found(name: FlagName): Value | undefined {
    const word = words[name];
    const flag = table[name];
    if (flag === undefined) return undefined;
    if (typeof word === 'string' && word !== '') return checked(flag, { text: word, from: longName(flag) });
    const variable = flag.env?.find((each) => notEmpty(env[each]) !== undefined);
    const text = variable === undefined ? undefined : notEmpty(env[variable]);
    if (variable === undefined || text === undefined) return undefined;
    return checked(flag, { text, from: variable });
  }

  return {
    text: (name) => found(name)?.text,
    list(name) {
      const given = words[name] ?? [];
      return given.length > 0 ? given : wordsOf(found(name)?.text ?? '');
    },
    integer(name, least, most) {
      const value = found(name);
      return value && integer(value, least, most);
    },
    rate(name) {
      const value = found(name);
      return value && rate(value);
    },
    decision(name) {
      const word = words[name];
      if (word !== undefined) return word;
      const value = found(name);
      return value && decision(value);
    },
    wasGiven: (name) => words[name] !== undefined && words[name] !== '',
  };
}

export function notEmpty(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

/** A value for a message, or `…` if it may contain a password: the user may have mixed up the arguments. */
export function shown(text: string): string {
  return holdsAccount(text) ? '…' : text;
}

export function usage(message: string, hint: string): ModelcarError {
  return new ModelcarError('USAGE', message, { hint });
}

/**
 * Azure Pipelines leaves `$(NAME)` as text if no variable has that name.
 * @throws ModelcarError `USAGE`
 */
export function refuseMacro(name: string, value = ''): void {
  if (!/^\$\([\w.-]+\)$/.test(value.trim())) return;
  throw usage(
    `${name} is ${value.trim()}: the pipeline has no such variable`,
    'Define the variable for this job, or leave it out of the environment.',
  );
}

function checked({ choices, insteadOf, file }: Flag, value: Value): Value {
  // Bash does not expand it after an equals sign, nor does the YAML of a CI job.
  if (file && /^~(\/|$)/.test(value.text)) {
    throw usage(
      `the shell did not expand the ~ in ${value.from}`,
      `Write $HOME${shown(value.text).slice(1)}, or the full path.`,
    );
  }
  if (choices === undefined || choices.includes(value.text)) return value;
  throw invalid(
    value,
    new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(choices),
    insteadOf?.get(value.text.toLowerCase()) ?? 'Choose one of these.',
  );
}

function integer(value: Value, least: number, most: number): number {
  const number = Number(value.text);
  if (/^\d+$/.test(value.text) && number >= least && number <= most) return number;
  throw invalid(value, `${least} to ${most}`, 'Give a whole number in that range.');
}

const UNITS = { '': 1, k: 1e3, m: 1e6, g: 1e9, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30 };

function rate(given: Value): number {
  const [, number = '', unit = ''] =
    /^(\d{1,9}(?:\.\d{1,3})?) ?([kmg]i?)?b?(?:\/s)?$/i.exec(given.text) ?? [];
  const value = Math.floor(Number(number) * UNITS[unit.toLowerCase() as keyof typeof UNITS]);
  if (number !== '' && value >= 1024) return value;
  throw invalid(
    given,
    '1024 or more bytes per second',
    'Write it as 500k, 50M or 1G, or in powers of 1024 as 500Ki, 50Mi or 1Gi.',
  );
}

/** The words of the Python tool, and their opposites; it took everything else for a no. */
function decision(value: Value): boolean {
  if (/^(1|true|yes|on)$/i.test(value.text)) return true;
  if (/^(0|false|no|off)$/i.test(value.text)) return false;
  throw invalid(value, 'yes or no', 'Set it to 1 or 0, true or false, yes or no, on or off.');
}

function invalid({ text, from }: Value, expected: string, hint: string): ModelcarError {
  return usage(`invalid ${from}: ${shown(text)} (expected ${expected})`, hint);
}
