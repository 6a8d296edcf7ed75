import { Command, CommanderError, Option } from 'commander';
import { alsoUnderstood } from './also-understood.ts';
import { type Flag, type Flags, itemsOf, namesOf, takesValue, type Words } from './flag.ts';
import { COMMANDS } from './flags.ts';
import { COMPLETION_HELP, HELP_HELP, PROGRAM_HELP, PUSH_HELP, STATUS_HELP, VALIDATE_HELP } from './help.ts';
import { HELP_WIDTH } from './quick-answer.ts';

/** What each command does, with the words that it was given. */
export interface Handlers {
  push(words: Words & { readonly model?: string; readonly reference?: string }): Promise<void>;
  status(words: Words & { readonly repository?: string }): Promise<void>;
  validate(words: Words & { readonly reference?: string }): Promise<void>;
  completion(shell: string): Promise<void>;
  /** Shows a page of the manual. */
  help(page: string): Promise<void>;
}

/** The command line. Errors of usage are thrown, not printed. */
export function createProgram(version: string, handlers: Handlers): Command {
  const program = new Command('oci-modelcar')
    .description('Stream Hugging Face models into OCI registries: one tar layer per file, nothing on disk.')
    .version(version, '-V, --version')
    .helpCommand(false)
    .hook('preAction', (_, command) => refuseExcess(command))
    .addHelpText('after', PROGRAM_HELP);

  const push = program
    .command('push')
    .description(COMMANDS.push.about)
    .usage('[options] <org/model[@revision]> <registry/repository[:tag] | oci:FOLDER[:tag]>')
    .argument('[model]', 'org/model[@revision], or datasets/org/name[@revision]')
    .argument('[reference]', 'registry/repository[:tag], or oci:FOLDER[:tag]')
    .addHelpText('after', PUSH_HELP)
    .action((model, reference, words) => handlers.push({ ...words, model, reference }));
  const status = program
    .command('status')
    .description(COMMANDS.status.about)
    .argument('[repository]', 'registry/repository, or oci:FOLDER: its tags; without it: recorded pushes')
    .addHelpText('after', STATUS_HELP)
    .action((repository, words) => handlers.status({ ...words, repository }));
  const validate = program
    .command('validate')
    .description(COMMANDS.validate.about)
    .usage('[options] <registry/repository:tag | registry/repository@digest | oci:FOLDER:tag>')
    .argument('[reference]', 'registry/repository with :tag or @sha256:…, or oci:FOLDER:tag')
    .addHelpText('after', VALIDATE_HELP)
    .action((reference, words) => handlers.validate({ ...words, reference }));
  program
    .command('completion')
    .description(COMMANDS.completion.about)
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', COMPLETION_HELP)
    .action((shell) => handlers.completion(shell));
  program
    .command('help')
    .description(COMMANDS.help.about)
    .argument('[topic]', 'a command, or a page such as errors, selection or credentials')
    .addHelpText('after', HELP_HELP)
    .action((topic) => {
      const command = program.commands.find((each) => each.name() === topic);
      return topic === undefined || command ? (command ?? program).help() : handlers.help(topic);
    });

  addFlags(push, COMMANDS.push.flags);
  addFlags(status, COMMANDS.status.flags);
  addFlags(validate, COMMANDS.validate.flags);
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureOutput({ outputError: () => undefined, getOutHelpWidth })
      .allowExcessArguments()
      .showSuggestionAfterError();
  }
  return program;
}

/** Wider lines are no easier to read, and are not laid out beforehand (`quick-answer.ts`). */
function getOutHelpWidth(): number {
  return Math.min(HELP_WIDTH, process.stdout.columns ?? HELP_WIDTH);
}

/** Whether help or the version was asked for, and shown: the parser throws then, too. */
export function wasHelped(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** The error of the parser, in its own words; undefined for other errors. */
export function parserError(error: unknown): { readonly code: string; readonly message: string } | undefined {
  return error instanceof CommanderError ? error : undefined;
}

/** The parser's own error has the number of arguments, but not which one is too many. */
async function refuseExcess(command: Command): Promise<void> {
  const { args, registeredArguments } = command;
  if (args.length <= registeredArguments.length) return;
  const { tooManyArguments } = await import('./too-many-arguments.ts');
  throw tooManyArguments(command.name(), args, registeredArguments.length, command.opts());
}

/** What a flag's help says after what it is about. */
function describeFlag({ about, list, env, otherwise }: Flag): string {
  const notes = [
    ...(list ? [`repeatable, or with commas${list === 'words' ? ' or spaces' : ''}`] : []),
    ...(env ? [variables(env, list)] : []),
    ...(otherwise ? [`default: ${otherwise}`] : []),
  ];
  return notes.length === 0 ? about : `${about} (${notes.join('; ')})`;
}

function variables(names: readonly string[], list: Flag['list']): string {
  const shown = names.map((name) => `$${name}`).join(', ');
  return list === 'patterns' ? `${shown}, also with spaces` : shown;
}

function addFlags(command: Command, flags: Flags): void {
  for (const group of new Set(Object.values(flags).map((flag) => flag.group))) {
    for (const [name, flag] of Object.entries(flags)) {
      if (flag.group === group) command.addOption(optionOf(name, flag).helpGroup(group));
    }
  }
  for (const [name, flag] of Object.entries(flags)) addOtherNames(command, name, flag);
  command.addHelpText('after', alsoUnderstood(flags));
}

function optionOf(name: string, flag: Flag): Option {
  const option = new Option(flag.flag, describeFlag(flag)).hideHelp(flag.hidden === true);
  if (option.attributeName() !== name) throw new Error(`${flag.flag} is called ${name} in its table`);
  const { list, joined } = flag;
  if (joined) return option.argParser(join);
  if (!list) return option;
  return option.argParser((value, before: readonly string[] = []) => [...before, ...itemsOf(list, value)]);
}

function join(value: string, before?: string): string {
  return before === undefined || before === value ? value : `${before},${value}`;
}

/** Stores the value of an alias under the name of the flag. */
function addOtherNames(command: Command, name: string, flag: Flag): void {
  for (const alias of flag.aliases ?? []) {
    addHidden(command, flag.flag.replace(/^\S+/, alias), (text) => {
      const before: readonly string[] = command.getOptionValue(name) ?? [];
      const joined = flag.joined && join(text ?? '', command.getOptionValue(name));
      const items = flag.list && [...before, ...itemsOf(flag.list, text ?? '')];
      command.setOptionValue(name, items ?? joined ?? text ?? true);
    });
  }
  if (!flag.negatable) return;
  for (const known of namesOf(flag)) {
    addHidden(command, negated(known), () => command.setOptionValue(name, false));
  }
}

function addHidden(command: Command, flags: string, take: (text: string | undefined) => void): void {
  const option = new Option(flags).hideHelp();
  command.addOption(option).on(`option:${option.name()}`, take);
}

/**
 * The command line as the parser needs it. Tools written in Go accept `=true` and `=false` after every switch, and one
 * dash before a long name.
 */
export function withPlainOptions(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--');
  return words.map((word, at) => (end === -1 || at < end ? plainOption(word) : word));
}

function plainOption(word: string): string {
  const [, given = '', value] = /^(-[^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  const long = /^-[a-z]{2}/.test(given) ? `-${given}` : given;
  const flags = Object.values(COMMANDS).flatMap((command) => Object.values(command.flags));
  const flag = flags.find((each) => namesOf(each).includes(long));
  if (flag === undefined) return word;
  if (takesValue(flag) || value === undefined) return value === undefined ? long : `${long}=${value}`;
  if (/^(1|t|true)$/i.test(value)) return long;
  return flag.negatable && /^(0|f|false)$/i.test(value) ? negated(long) : word;
}

function negated(name: string): string {
  return name.replace(/^--/, '--no-');
}
