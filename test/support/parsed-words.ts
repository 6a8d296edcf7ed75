import { createProgram, withPlainOptions } from '../../src/cli/program.ts';

/** What a command is given for the words of a command line. */
export type ParsedWords = Readonly<Record<string, unknown>>;

/** Parses a command line, without running the command. Rejects as the parser does. */
export async function parsedWords(...line: readonly string[]): Promise<ParsedWords> {
  let found: ParsedWords = {};
  const keep = async (words: object) => {
    found = { ...words };
  };
  const nothing = async () => undefined;
  const program = createProgram('1', {
    push: keep,
    status: keep,
    validate: keep,
    completion: nothing,
    help: nothing,
  });
  await program.parseAsync(withPlainOptions(line), { from: 'user' });
  return found;
}
