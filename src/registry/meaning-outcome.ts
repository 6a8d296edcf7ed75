import type { ErrorCode } from '../core/error.ts';
import type { Account } from '../core/registry-credentials.ts';
import type { Meaning } from './answer-meaning.ts';

export interface Outcome {
  readonly code: ErrorCode;
  /** One imperative sentence. */
  readonly hint: string;
  /** What the answer means, for a message whose other words do not say it. */
  readonly means?: string;
}

const AGAIN = 'Run the same command again.';

/** The code for scripts and the hint for people. Only a login problem says "log in". */
const OUTCOMES: Readonly<Record<Meaning, Outcome>> = {
  'needs-tls': { code: 'UNSUPPORTED', hint: 'Write https:// in front of the registry.' },
  'needs-client-certificate': {
    code: 'UNAUTHORIZED',
    hint: 'Put a client certificate that the registry accepts, as client.cert and client.key, into ~/.config/containers/certs.d/<host:port>.',
  },
  'rate-limit': { code: 'RATE_LIMITED', hint: 'Wait, then run the same command again.' },
  'read-only': {
    code: 'UNAVAILABLE',
    hint: 'Wait until the registry leaves its read-only mode, then run the same command again.',
    means: 'the registry is in read-only mode',
  },
  'storage-full': {
    code: 'REJECTED',
    hint: 'Make room in the storage behind the registry, then run the same command again.',
    means: 'the storage of the registry is full',
  },
  quota: {
    code: 'REJECTED',
    hint: 'Raise the quota of the project or account at the registry, or delete images there.',
  },
  immutable: { code: 'REJECTED', hint: 'Choose another tag: the registry does not move this one.' },
  'too-many-layers': { code: 'REJECTED', hint: 'Push fewer files: each file is a layer of the image.' },
  'layer-too-large': {
    code: 'REJECTED',
    hint: 'Push to a registry that accepts larger layers, or leave this file out.',
  },
  'pull-only': {
    code: 'REJECTED',
    hint: 'Push to another repository: this one is a proxy of another registry.',
    means: 'the repository is a proxy of another registry',
  },
  'address-refused': {
    code: 'REJECTED',
    hint: 'Allow the address of this machine in the network rules of the registry.',
  },
  'package-access': {
    code: 'UNAUTHORIZED',
    hint: 'Give this workflow or account write access in the settings of the package (GitHub: "Manage Actions access").',
  },
  expired: { code: 'UNAUTHORIZED', hint: 'Log in again: the token or password has expired.' },
  'no-right': {
    code: 'UNAUTHORIZED',
    hint: 'Give the account the right to push to this repository, or use another account.',
  },
  policy: {
    code: 'REJECTED',
    hint: 'Ask the owner of the project about the policy that the registry names.',
  },
  'name-invalid': { code: 'REJECTED', hint: 'Choose a repository name that the registry allows.' },
  'unknown-repository': {
    code: 'NOT_FOUND',
    hint: 'Check the repository name; ECR and Harbor need the repository or its project created first.',
  },
  // Every layer was just checked. The next run asks for each again, and sends the missing ones.
  'blobs-missing': { code: 'UNAVAILABLE', hint: AGAIN },
  'no-credentials': {
    code: 'UNAUTHORIZED',
    hint: 'Log in with docker, podman or skopeo, or set OCI_USERNAME and OCI_PASSWORD.',
  },
  'wrong-credentials': { code: 'UNAUTHORIZED', hint: 'Check the password, or log in again.' },
  'not-let-through': {
    code: 'REJECTED',
    hint: 'Look for a proxy or firewall in front of the registry: the answer is not in the form of a registry.',
  },
  'too-large': {
    code: 'REJECTED',
    hint: 'Raise the limit of the proxy in front of the registry (nginx: client_max_body_size).',
  },
  unavailable: { code: 'UNAVAILABLE', hint: AGAIN },
  rejected: { code: 'REJECTED', hint: 'Read what the registry says; docs/errors.md has the usual causes.' },
  'no-registry': {
    code: 'UNSUPPORTED',
    hint: 'Check the address: the answer is not that of a registry.',
  },
};

/** Without a challenge no account was looked for, so there may be one. */
const NOT_ASKED =
  'Look for a proxy in front of the registry: the answer does not say how to log in (no WWW-Authenticate for Basic or Bearer).';

/** @param account whom the answer refused; where none was found, the hint says where we looked */
export function outcomeOf(meaning: Meaning, account: Account | undefined): Outcome {
  const outcome = OUTCOMES[meaning];
  const isRefused = meaning === 'wrong-credentials' || meaning === 'expired';
  if (isRefused && account?.kind === 'found' && account.hint !== undefined)
    return { ...outcome, hint: account.hint };
  if (meaning === 'wrong-credentials' && account?.kind === 'found' && account.secret !== 'password')
    return { ...outcome, hint: `Log in again: the registry does not accept the ${account.secret}.` };
  if (meaning === 'no-credentials' && account === undefined) return { ...outcome, hint: NOT_ASKED };
  if (meaning !== 'no-credentials' || account?.kind !== 'none' || account.lookedIn.length === 0)
    return outcome;
  const { hint, ...rest } = outcome;
  return { ...rest, hint: `${hint.slice(0, -1)}; no account found in ${account.lookedIn.join(', ')}.` };
}

/** Meanings that depend on the account: the message names it. */
export const ABOUT_ACCOUNT: ReadonlySet<Meaning> = new Set<Meaning>([
  'package-access',
  'expired',
  'no-right',
  'no-credentials',
  'wrong-credentials',
]);
