import { longName, namesOf } from './flag.ts';
import { COMMANDS } from './flags.ts';
import { commandHabit, optionHabit } from './habits.ts';
import { holdsAccount } from './holds-account.ts';
import { parserError } from './program.ts';

export interface UsageMessage {
  readonly message: string;
  readonly hint: string;
}

type CommandName = keyof typeof COMMANDS;

/**
 * The message and hint for an error of the parser; undefined for other errors.
 * @param command the first word of the command line
 */
export function usageMessage(error: unknown, command = ''): UsageMessage | undefined {
  const refused = parserError(error);
  if (refused === undefined) return undefined;
  const known = isCommand(command) ? command : undefined;
  const hint = `Run: oci-modelcar ${known === undefined ? '' : `${known} `}--help`;
  if (refused.code === 'commander.unknownOption') return unknownOption(refused.message, known, hint);
  if (refused.code === 'commander.unknownCommand') return unknownCommand(refused.message, hint);
  return { message: refused.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '), hint };
}

function unknownOption(text: string, command: CommandName | undefined, help: string): UsageMessage {
  // Show only the name: the value may be a secret, also in -pVALUE.
  const [, name = ''] = /unknown option '(--[\w-]*|-[^\s]?)/.exec(text) ?? [];
  const message = `unknown option '${name}'`;
  const habit = optionHabit(name, command ?? 'push');
  const owner = ownerOf(name);
  if (command !== undefined && owner === command)
    return { message: `${name} takes no value`, hint: 'Leave out the value, or leave out the option.' };
  if (command === undefined && owner !== undefined) {
    const version = name === '-v' ? '; -V prints the version' : '';
    return {
      message: `${name} comes before the command`,
      hint: `Put it after the command, as in oci-modelcar ${owner} ${name}${version}`,
    };
  }
  if (habit !== undefined)
    return { message: habit.why ? `${message}: ${habit.why}` : message, hint: habit.hint };
  if (owner !== undefined)
    return { message: `${command} has no ${name}`, hint: `Leave it out: it belongs to ${owner}.` };
  // The guess for --no-verbose would be its opposite.
  return { message: name.startsWith('--no-') ? message : message + suggestion(text), hint: help };
}

function unknownCommand(text: string, help: string): UsageMessage {
  const [, word = ''] = /unknown command '(.*)'/s.exec(text) ?? [];
  const habit = commandHabit(word);
  const message = `unknown command '${holdsAccount(word) ? '…' : word.replace(/\s*\n\s*/g, ' ')}'`;
  if (habit !== undefined) return { message, hint: habit.hint };
  if (/[/:]/.test(word))
    return { message, hint: 'Put the command first: oci-modelcar push org/model registry/repository' };
  return { message: message + suggestion(text), hint: help };
}

/** The parser's guess at a typo, without flags that may do more than the user meant. */
function suggestion(text: string): string {
  const [, guesses = ''] = /\(Did you mean (?:one of )?([^()']*)\?\)$/.exec(text) ?? [];
  const names = guesses.split(', ').filter((name) => name !== '' && !NEVER_SUGGESTED.has(name));
  if (names.length === 0) return '';
  return ` (Did you mean ${names.length > 1 ? 'one of ' : ''}${names.join(', ')}?)`;
}

const FLAGS = Object.values(COMMANDS).flatMap(({ flags }) => Object.values(flags));

const NEVER_SUGGESTED = new Set(FLAGS.filter((flag) => flag.neverSuggested).map(longName));

/** The first command that has the option. */
function ownerOf(name: string): CommandName | undefined {
  const names = Object.keys(COMMANDS).filter(isCommand);
  return names.find((each) =>
    Object.values(COMMANDS[each].flags).some((flag) => namesOf(flag).includes(name)),
  );
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}
