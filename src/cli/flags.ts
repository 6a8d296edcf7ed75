import type { Flags } from './flag.ts';
import { PUSH_FLAGS } from './push-flags.ts';
import { json, registryAccess, stateFile, TRANSFER, tag, target, verbose } from './shared-flags.ts';

/** The flags of `status`. */
export const STATUS_FLAGS: Flags = {
  ...stateFile,
  forget: {
    flag: '--forget <job>',
    group: TRANSFER,
    about: 'remove jobs from the state file: by their key, complete, or all',
    list: 'words',
    neverSuggested: true,
  },
  ...registryAccess,
  ...verbose,
  ...json,
};

/** The flags of `validate`. */
export const VALIDATE_FLAGS: Flags = {
  ...target,
  ...tag,
  ...registryAccess,
  ...verbose,
  ...json,
};

/** The commands, by name: the parser and the completion say the same of each. */
export const COMMANDS: Readonly<
  Record<
    'push' | 'status' | 'validate' | 'completion' | 'help',
    { readonly about: string; readonly flags: Flags }
  >
> = {
  push: { about: 'push a model into a registry, or into an OCI image layout', flags: PUSH_FLAGS },
  status: {
    about: 'list recorded pushes, or the tags of a repository',
    flags: STATUS_FLAGS,
  },
  validate: {
    about: 'check that an image is complete: its manifest, its config and every blob',
    flags: VALIDATE_FLAGS,
  },
  completion: { about: 'print the completion script for a shell', flags: {} },
  help: { about: 'show the help of a command, or a page of the manual', flags: {} },
};
