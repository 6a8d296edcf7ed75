import type { Flags } from './flag.ts';

const MODEL = 'The model:';
const TARGET = 'The target:';
const IMAGE = 'The image:';
const TRANSFER = 'The transfer:';
const NETWORK = 'The network:';
const OUTPUT = 'What is shown:';

const target = {
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
} satisfies Flags;

const tag = {
  targetTag: {
    flag: '--target-tag <tag>',
    env: ['TARGET_TAG'],
    group: TARGET,
    about: 'tag of the image',
    aliases: ['--tag', '-t'],
  },
} satisfies Flags;

const stateFile = {
  stateFile: {
    flag: '--state-file <file>',
    env: ['STATE_FILE'],
    group: TRANSFER,
    about: 'records pushed layers, so that a later run skips them',
    otherwise: 'oci-modelcar/state.json in $XDG_STATE_HOME or ~/.local/state',
    file: true,
  },
} satisfies Flags;

const registryAccess = {
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
} satisfies Flags;

const verbose = {
  verbose: {
    flag: '--verbose',
    env: ['LOG_VERBOSE'],
    group: OUTPUT,
    about: 'show also every retry and where credentials come from',
    aliases: ['-v', '--debug'],
  },
} satisfies Flags;

const json = {
  json: {
    flag: '--json',
    env: ['LOG_JSON'],
    group: OUTPUT,
    about: 'one JSON document on stdout, also for an error',
  },
} satisfies Flags;

/** The flags of `push`, by the names that the parser gives them. */
export const PUSH_FLAGS: Flags = {
  hfRepo: {
    flag: '--hf-repo <org/model>',
    env: ['HF_REPO'],
    group: MODEL,
    about: 'the model, instead of the first argument',
  },
  hfRevision: {
    flag: '--hf-revision <revision>',
    env: ['HF_REVISION'],
    group: MODEL,
    about: 'branch, tag or commit',
    aliases: ['--revision'],
    otherwise: 'main',
  },
  hfEndpoint: {
    flag: '--hf-endpoint <url>',
    env: ['HF_ENDPOINT'],
    group: MODEL,
    about: 'the Hub; may have a path',
    otherwise: 'https://huggingface.co',
  },
  source: {
    flag: '--source <source>',
    env: ['MODEL_SOURCE'],
    group: MODEL,
    about: 'where to read the files: hub, or cache (what hf download left in HF_HUB_CACHE)',
    otherwise: 'hub',
    choices: ['hub', 'cache'],
  },
  allowPatterns: {
    flag: '--allow-patterns <patterns>',
    env: ['ALLOW_PATTERNS'],
    group: MODEL,
    about: "push only files that match: glob ('*.json', '*' for all), folder (onnx/) or ending (.md)",
    otherwise: 'all but redundant files, see oci-modelcar help selection',
    aliases: ['--include'],
    list: 'patterns',
  },
  ignorePatterns: {
    flag: '--ignore-patterns <patterns>',
    env: ['IGNORE_PATTERNS'],
    group: MODEL,
    about: 'leave out files that match',
    aliases: ['--exclude'],
    list: 'patterns',
  },
  pickles: {
    flag: '--pickles <choice>',
    env: ['PICKLES'],
    group: MODEL,
    about: 'pickles that are no copy of other weights, and can run code: refuse (end the push) or keep',
    otherwise: 'refuse',
    choices: ['refuse', 'keep'],
    neverSuggested: true,
  },
  ...target,
  targetTag: { ...tag.targetTag, otherwise: 'the first 12 characters of the commit' },
  alsoTag: {
    flag: '--also-tag <tag>',
    env: ['ALSO_TAGS'],
    group: TARGET,
    about: 'another tag for the same image',
    list: 'words',
  },
  moveTag: {
    flag: '--move-tag',
    env: ['MOVE_TAG'],
    group: TARGET,
    about: 'move the default tag also from an image with other files of the commit',
    neverSuggested: true,
  },
  layerPrefix: {
    flag: '--layer-prefix <folder/>',
    env: ['LAYER_PATH_PREFIX'],
    group: IMAGE,
    about: "folder of the model in the image; '' for none",
    otherwise: 'models/',
  },
  tarLayout: {
    flag: '--tar-layout <layout>',
    env: ['TAR_LAYOUT'],
    group: IMAGE,
    about: 'bytes of the layers: standard, or reference (as the Python tool 0.4.1 wrote them)',
    otherwise: 'standard',
    choices: ['standard', 'reference'],
  },
  workers: {
    flag: '--workers <n>',
    env: ['WORKERS'],
    group: TRANSFER,
    about: 'large files pushed in parallel (1 to 8); files up to 256 KiB: 8 per worker, at most 32',
    otherwise: '1',
    aliases: ['--jobs', '-j', '--concurrency', '--max-workers'],
  },
  chunkMib: {
    flag: '--chunk-mib <n>',
    env: ['CHUNK_MIB'],
    group: TRANSFER,
    about: 'upload in requests of n MiB (1 to 1024)',
    otherwise: 'one request per layer',
  },
  ...stateFile,
  force: {
    flag: '--force',
    env: ['FORCE'],
    group: TRANSFER,
    about: 'push every layer again, also those that an earlier run has pushed',
    neverSuggested: true,
  },
  failFast: {
    flag: '--fail-fast',
    env: ['FAIL_FAST'],
    group: TRANSFER,
    about: 'stop at the first failed layer (the default)',
  },
  continueOnError: {
    flag: '--continue-on-error',
    group: TRANSFER,
    about: 'push the other layers when one fails; exit code 7, no image, no tag',
    neverSuggested: true,
  },
  limitRate: {
    flag: '--limit-rate <rate>',
    env: ['LIMIT_RATE'],
    group: TRANSFER,
    about: 'upload at most so many bytes per second, all layers together: 50M, or 50Mi',
    otherwise: 'no limit',
  },
  hfConnections: {
    flag: '--hf-connections <n>',
    env: ['HF_CONNECTIONS'],
    group: TRANSFER,
    about: 'download connections to the Hub (1 to 64); a slow layer uses several',
    otherwise: '8',
  },
  hfMaxRetries: {
    flag: '--hf-max-retries <n>',
    env: ['HF_MAX_RETRIES'],
    group: TRANSFER,
    about: 'retries at the Hub (0 to 100); progress resets the count',
    otherwise: '10',
  },
  ...registryAccess,
  logStyle: {
    flag: '--log-style <style>',
    env: ['LOG_STYLE'],
    group: OUTPUT,
    about: 'text, azure or github',
    otherwise: 'auto, from GITHUB_ACTIONS and TF_BUILD',
    choices: ['auto', 'text', 'azure', 'github'],
    insteadOf: new Map([['json', 'For JSON add --json, or set LOG_JSON=1.']]),
  },
  json: {
    ...json.json,
    about:
      'JSON on stdout, nothing on stderr: one event per line (oci-modelcar help events); one document for --dry-run',
  },
  ...verbose,
  quiet: {
    flag: '--quiet',
    env: ['LOG_QUIET'],
    group: OUTPUT,
    about: 'show only warnings, errors and the result',
    aliases: ['-q'],
  },
  dryRun: {
    flag: '--dry-run',
    group: OUTPUT,
    about: 'show what would be pushed, and ask the target whether we may push there; store nothing',
  },
};

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
