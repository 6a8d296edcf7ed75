import { Command, CommanderError, Option } from 'commander';
import { type Flag, type Flags, list, type Words } from './flag.ts';
import { COMMANDS } from './flags.ts';
import { COMPLETION_HELP, PROGRAM_HELP, PUSH_HELP, STATUS_HELP, VALIDATE_HELP } from './help.ts';
import { holdsAccount } from './holds-account.ts';
import { HELP_WIDTH } from './quick-answer.ts';

/** What each command does, with the words that it was given. */
export interface Handlers {
  push(words: Words & { readonly model?: string; readonly reference?: string }): Promise<void>;
  status(words: Words & { readonly repository?: string }): Promise<void>;
  validate(words: Words & { readonly reference?: string }): Promise<void>;
  completion(shell: string): Promise<void>;
}

/** The command line. Errors of usage are thrown, not printed. */
export function createProgram(version: string, handlers: Handlers): Command {
  const program = new Command('oci-modelcar')
    .description('Stream Hugging Face models into OCI registries: one tar layer per file, nothing on disk.')
    .version(version, '-V, --version')
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
    .argument('[repository]', 'registry/repository, or oci:FOLDER: its tags; without it: the pushes')
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

  addFlags(push, COMMANDS.push.flags);
  addFlags(status, COMMANDS.status.flags);
  addFlags(validate, COMMANDS.validate.flags);
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureOutput({ outputError: () => undefined, getOutHelpWidth })
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

/** What the parser has to say, and the command that says more; undefined for what is not of the parser. */
export function usageMessage(
  error: unknown,
  command?: string,
): { message: string; exitCode: number; help: string } | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  const known = Object.hasOwn(COMMANDS, command ?? '');
  return {
    message: error.message
      .replace(/^error: /, '')
      // The value of an option that we do not know may be a secret.
      .replace(/'(-[^'=\s]*)=.*'/s, "'$1'")
      // A URL in place of a command may contain a password.
      .replace(/'.*'/s, (value) => (holdsAccount(value) ? "'…'" : value))
      .replace(/\s*\n\s*/g, ' '),
    exitCode: error.exitCode,
    help: known ? `oci-modelcar ${command} --help` : 'oci-modelcar --help',
  };
}

/** What a flag's help says after what it is about. */
function describeFlag({ about, list, env, otherwise }: Flag): string {
  const notes = [
    ...(list ? ['repeatable, or with commas or spaces'] : []),
    ...(env ? [env.map((name) => `$${name}`).join(', ')] : []),
    ...(otherwise ? [`default: ${otherwise}`] : []),
  ];
  return notes.length === 0 ? about : `${about} (${notes.join('; ')})`;
}

function addFlags(command: Command, flags: Flags): void {
  for (const group of new Set(Object.values(flags).map((flag) => flag.group))) {
    for (const [name, flag] of Object.entries(flags)) {
      if (flag.group === group) command.addOption(optionOf(name, flag).helpGroup(group));
    }
  }
}

function optionOf(name: string, flag: Flag): Option {
  const option = new Option(flag.flag, describeFlag(flag));
  if (option.attributeName() !== name) throw new Error(`${flag.flag} is called ${name} in its table`);
  if (!flag.list) return option;
  return option.argParser((value, before: readonly string[] = []) => [...before, ...list(value)]);
}
