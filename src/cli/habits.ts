import { COMMANDS } from './flags.ts';

/** The answer to an option or a command of another tool. */
export interface Habit {
  /** Why we do not have it; absent where the hint is enough. */
  readonly why?: string;
  /** An imperative: what to type. */
  readonly hint: string;
}

const SECRET = 'other users of this machine can read command-line arguments';
const ACCOUNT = 'Set OCI_USERNAME and OCI_PASSWORD, or log in with docker, podman or skopeo.';
const TOKEN = 'Set HF_TOKEN, or log in with hf auth login.';
const COPY =
  'Copy an image with skopeo copy --preserve-digests, or push the model again to the other registry.';

/** Options of skopeo, podman, docker, crane, oras, helm and hf, with what to do instead. */
export const OPTION_HABITS: readonly (readonly [names: string, habit: Habit])[] = [
  ['--token --hf-token --src-creds --src-registry-token', { why: SECRET, hint: TOKEN }],
  ['--creds --password -p --identity-token', { why: SECRET, hint: ACCOUNT }],
  ['--username -u --password-stdin --identity-token-stdin', { hint: ACCOUNT }],
  ['--local-dir', { hint: 'To write into a folder, push to oci:FOLDER.' }],
  ['--cert-dir', { hint: 'Give the PEM file of the CA: --ca-file FILE.' }],
  ['--src-tls-verify --src-cert-dir', { hint: 'For a Hub with its own CA, give --ca-file FILE.' }],
  ['--src-authfile --from-registry-config', { why: 'the Hub takes a token', hint: TOKEN }],
  [
    '--insecure-registry --allow-http --allow-insecure-registry --http',
    { hint: 'Write http://registry/repository, or add --insecure to skip certificate verification.' },
  ],
  [
    '-k --no-check-certificate --skip-tls --skip-tls-verify --insecure-skip-tls-verify',
    { hint: 'Use --insecure, which skips certificate verification for the registry alone.' },
  ],
  ['--retry-times --retries --retry --max-retries', { hint: 'Use --oci-max-retries and --hf-max-retries.' }],
  ['--retry-delay', { why: 'pauses grow with each retry', hint: 'Leave it out.' }],
  ['--resume --resume-download --continue -c', { why: 'a push always resumes', hint: 'Leave it out.' }],
  ['--insecure-policy --policy', { why: 'a push reads no signature policy', hint: 'Leave it out.' }],
  ['--all -a --multi-arch', { why: 'a push makes one image', hint: 'Leave it out.' }],
  [
    '--platform --arch --os --override-arch --override-os',
    { why: 'a model has no platform', hint: 'Leave it out.' },
  ],
  ['--yes -y', { why: 'the command never asks for confirmation', hint: 'Leave it out.' }],
  ['--preserve-digests', { why: 'a push never converts an image', hint: 'Leave it out.' }],
  [
    '--compress --compression --compression-format --compression-level --compress-format',
    { why: 'a push never compresses layers, because weights hardly shrink', hint: 'Leave it out.' },
  ],
  ['--sign-by --sign', { hint: 'Sign the digest after the push, for example with cosign sign.' }],
  ['--digestfile --iidfile --metadata-file', { hint: 'Read MANIFESTDIGEST= from stdout.' }],
  ['--cache-dir', { hint: 'Set HF_HUB_CACHE, and add --source cache.' }],
  ['--local-files-only', { hint: 'Add --source cache.' }],
  ['--repo-type', { hint: 'Write a dataset as datasets/org/name.' }],
  ['--additional-tag --additional-tags', { hint: 'Use --also-tag TAG.' }],
  ['--parallel --threads --num-workers', { hint: 'Use --workers N.' }],
  ['--log-level --loglevel', { hint: 'Use --verbose or --quiet.' }],
  ['--progress --no-progress --no-tty', { hint: 'Use --quiet; without a terminal there is no live view.' }],
  ['--no-color --color --colour', { hint: 'Set NO_COLOR=1 or FORCE_COLOR=1.' }],
  ['--proxy -x --http-proxy --https-proxy', { hint: 'Set HTTPS_PROXY.' }],
  ['--debug-http --trace', { hint: 'Use --verbose.' }],
];

export const COMMAND_HABITS: readonly (readonly [names: string, habit: Habit])[] = [
  [
    'inspect manifest config show',
    {
      hint: 'Run oci-modelcar validate registry/repository:tag; skopeo inspect --raw docker://… shows the manifest.',
    },
  ],
  [
    'ls list tags images image catalog',
    {
      hint: 'Run oci-modelcar status registry/repository to list its tags, or oci-modelcar status to list your pushes.',
    },
  ],
  [
    'pull download get fetch',
    { hint: 'Pull the image with podman, docker or skopeo; oci-modelcar only pushes.' },
  ],
  [
    'delete rm rmi remove untag prune purge clean',
    {
      hint: 'Delete a tag at the registry, for example with skopeo delete docker://registry/repository:tag.',
    },
  ],
  ['copy cp sync mirror', { hint: COPY }],
  ['tag retag', { hint: 'Push again with --also-tag TAG: layers that the registry has are not sent again.' }],
  [
    'login logout auth whoami',
    {
      hint: 'Log in with docker, podman or skopeo, or set OCI_USERNAME and OCI_PASSWORD; for the Hub set HF_TOKEN.',
    },
  ],
  ['version', { hint: 'Run oci-modelcar --version.' }],
  ['plan diff preview', { hint: 'Run oci-modelcar push … --dry-run.' }],
  ['upload publish build convert transfer', { hint: 'Run oci-modelcar push org/model registry/repository.' }],
  ['resume retry continue', { hint: 'Run the same push again: it resumes.' }],
  ['save export', { hint: 'Run oci-modelcar push org/model oci:FOLDER:tag.' }],
  ['verify check', { hint: 'Run oci-modelcar validate registry/repository:tag.' }],
  ['sign attest attach', { hint: 'Sign the digest after the push, for example with cosign sign.' }],
  ['search', { hint: 'Search at the Hub: https://huggingface.co/models' }],
  ['jobs history ps log logs', { hint: 'Run oci-modelcar status.' }],
  ['completions autocomplete', { hint: 'Run oci-modelcar completion bash, zsh or fish.' }],
  ['man docs manual', { hint: 'Run oci-modelcar help push, or oci-modelcar help errors.' }],
];

/** What to do instead of an option that `command` does not have. */
export function optionHabit(name: string, command: keyof typeof COMMANDS): Habit | undefined {
  // skopeo has --dest-creds and oras --to-password; a push logs in to its target only.
  const plain = name.replace(/^--(?:dest|to)-/, '--');
  if (COMMANDS[command].flags.json && /^--(format|jsonl|log-format|log-style)$/.test(plain))
    return { hint: 'For JSON add --json.' };
  if (command === 'push' && /^(--output|-o)$/.test(plain))
    return { hint: 'For JSON add --json; to write into a folder push to oci:FOLDER.' };
  if (COMMANDS[command].flags.json && /^(--output|-o)$/.test(plain)) return { hint: 'For JSON add --json.' };
  const known = habitOf(OPTION_HABITS, name) ?? habitOf(OPTION_HABITS, plain);
  if (known !== undefined) return known;
  if (/^--(src|from)-(username|password|creds|identity-token)/.test(name))
    return { why: SECRET, hint: TOKEN };
  return /pass(word|wd)?\b|secret|token|cred|api-?key/i.test(name)
    ? { why: SECRET, hint: `${ACCOUNT} For the Hub set HF_TOKEN.` }
    : undefined;
}

/** What to do instead of a command that we do not have. */
export function commandHabit(name: string): Habit | undefined {
  return habitOf(COMMAND_HABITS, name);
}

function habitOf(table: typeof OPTION_HABITS, name: string): Habit | undefined {
  return table.find(([names]) => names.split(' ').includes(name))?.[1];
}
