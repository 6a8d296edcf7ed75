import { completionScript, SHELLS } from '../completion.ts';
import { COMMANDS } from '../flags.ts';
import { TOPICS } from './help.ts';

/**
 * `oci-modelcar completion`: what it prints.
 * @throws ModelcarError `USAGE`
 */
export async function completion(shell: string): Promise<string> {
  const commands = Object.entries(COMMANDS).map(([name, command]) => ({
    name,
    ...command,
    ...(name === 'completion' && { words: SHELLS }),
    ...(name === 'help' && { words: TOPICS }),
  }));
  const script = completionScript(shell, commands);
  if (script !== undefined) return script;
  // Every shell that starts waits for a script, so that what only an error needs is loaded here.
  const { usage } = await import('../read-flags.ts');
  throw usage(`there is no completion for ${shell}`, `Choose ${SHELLS.join(', ')}.`);
}
