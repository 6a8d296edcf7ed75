import { completionScript, SHELLS } from '../completion.ts';
import { COMMANDS } from '../flags.ts';

/** `oci-modelcar completion`: what it prints. */
export function completion(shell: string): string {
  return completionScript(
    shell,
    Object.entries(COMMANDS).map(([name, command]) => ({
      name,
      ...command,
      ...(name === 'completion' && { words: SHELLS }),
    })),
  );
}
