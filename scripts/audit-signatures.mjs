// Runs `npm audit signatures`. Skips the check, and prints why, if the registry has no signing keys or cannot be reached.
// Everything else fails: a wrong signature, a missing one, an unknown error.
import { spawnSync } from 'node:child_process';

/** The error codes of npm when the registry, or Sigstore's root of trust, does not answer. */
const NO_ANSWER = [
  ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ENETUNREACH', 'EHOSTUNREACH'],
  ...['ETIMEDOUT', 'ERR_SOCKET_TIMEOUT'],
];
/** The message of npm when a registry publishes no keys: this error has no code. */
const NO_KEYS = 'found no dependencies to audit that were installed from a supported registry';

const npm = spawnSync('npm', ['audit', 'signatures', '--json', '--fetch-retries=0'], { encoding: 'utf8' });
const { error, invalid, missing } = answerOf(npm);

if (error !== undefined) {
  const { code, summary } = error;
  if (NO_ANSWER.includes(code) || summary === NO_KEYS) say(`skipped: ${summary}`);
  else fail(`${summary} (${code})`);
} else if (!Array.isArray(invalid) || !Array.isArray(missing)) fail(`npm said ${npm.stdout}${npm.stderr}`);
else if (invalid.length + missing.length > 0) {
  for (const one of invalid) say(`wrong signature or attestation: ${one.name}@${one.version}`);
  for (const one of missing) say(`no signature: ${one.name}@${one.version}`);
  fail('not every package is what its registry signed');
} else if (npm.status !== 0) fail(`npm ended with ${npm.status ?? npm.signal}: ${npm.stderr}`);
else say('every package is what its registry signed');

function answerOf({ stdout }) {
  try {
    return JSON.parse(stdout);
  } catch {
    return {};
  }
}

function say(line) {
  process.stdout.write(`audit-signatures: ${line}\n`);
}

function fail(reason) {
  say(reason);
  process.exitCode = 1;
}
