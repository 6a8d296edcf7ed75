import { completionScript, SHELLS } from '../completion.ts';
import { PUSH_FLAGS, STATUS_FLAGS, VALIDATE_FLAGS } from '../flags.ts';

export function completion(shell: string): string {
  return completionScript(shell, [
    { name: 'push', about: 'push a model into a registry', flags: PUSH_FLAGS },
    { name: 'status', about: 'list the pushes that were written down, or tags', flags: STATUS_FLAGS },
    { name: 'validate', about: 'check that an image is whole', flags: VALIDATE_FLAGS },
    { name: 'completion', about: 'print completion for a shell', flags: {}, words: SHELLS },
  ]);
}
