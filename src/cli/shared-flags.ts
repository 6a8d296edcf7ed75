import type { Flag, FlagName } from './flag.ts';

/** These flags, and no other. */
type FlagsOf<Name extends FlagName> = Readonly<Record<Name, Flag>>;

/** The groups of the help that more than one command has. */
export const TARGET = 'The target:';
export const TRANSFER = 'The transfer:';
const NETWORK = 'The network:';
export const OUTPUT = 'What is shown:';

export const target: FlagsOf<'registry' | 'targetRepo'> = {
  registry: {
    flag: '--registry <host>',
    env: ['REGISTRY'],
    group: TARGET,
    about: 'host[:port], http(s)://host[:port], or oci:FOLDER',
  },
  targetRepo: {
    flag: '--target-repo <name>',
    env: ['TARGET_REPO'],
    group: TARGET,
    about: 'repository in that registry',
  },
};

export const tag: FlagsOf<'targetTag'> = {
  targetTag: {
    flag: '--target-tag <tag>',
    env: ['TARGET_TAG'],
    group: TARGET,
    about: 'tag of the image',
    aliases: ['--tag', '-t'],
    joined: true,
  },
};

export const stateFile: FlagsOf<'stateFile'> = {
  stateFile: {
    flag: '--state-file <file>',
    env: ['STATE_FILE'],
    group: TRANSFER,
    about: 'records pushed layers, so that a later run skips them',
    otherwise: 'oci-modelcar/state.json in $XDG_STATE_HOME or ~/.local/state',
    file: true,
  },
};

export const registryAccess: FlagsOf<
  'ociMaxRetries' | 'caFile' | 'insecure' | 'tlsVerify' | 'plainHttp' | 'authfile'
> = {
  ociMaxRetries: {
    flag: '--oci-max-retries <n>',
    env: ['OCI_MAX_RETRIES'],
    group: TRANSFER,
    about: 'retries at the registry (0 to 100); progress resets the count',
    otherwise: '10',
  },
  caFile: {
    flag: '--ca-file <file>',
    env: ['CA_FILE'],
    group: NETWORK,
    about: "CAs (PEM) to trust besides the system's and certs.d, for the registry, the Hub and proxies",
    file: true,
    aliases: ['--cacert'],
  },
  insecure: {
    flag: '--insecure',
    env: ['INSECURE'],
    group: NETWORK,
    about: "skip certificate verification, only for the registry's own host and port",
    neverSuggested: true,
  },
  tlsVerify: {
    flag: '--tls-verify',
    group: NETWORK,
    about: 'with =false: --insecure',
    aliases: ['--dest-tls-verify'],
    hidden: true,
    negatable: true,
  },
  plainHttp: {
    flag: '--plain-http',
    group: NETWORK,
    about: 'http:// in front of the registry',
    aliases: ['--to-plain-http'],
    hidden: true,
    negatable: true,
  },
  authfile: {
    flag: '--authfile <file>',
    group: NETWORK,
    about: 'the variable REGISTRY_AUTH_FILE',
    aliases: ['--dest-authfile', '--registry-config', '--to-registry-config'],
    hidden: true,
    file: true,
  },
};

export const verbose: FlagsOf<'verbose'> = {
  verbose: {
    flag: '--verbose',
    env: ['LOG_VERBOSE'],
    group: OUTPUT,
    about: 'show also every retry and where credentials come from',
    aliases: ['-v', '--debug'],
  },
};

export const json: FlagsOf<'json'> = {
  json: {
    flag: '--json',
    env: ['LOG_JSON'],
    group: OUTPUT,
    about: 'one JSON document on stdout, also for an error',
  },
};
