import { join } from 'node:path';
import {
  type CredentialSource,
  findCredentials,
  type ImageReference,
  ModelcarError,
  type PushOptions,
  parseImageReference,
  parseTargetLocation,
  TAR_LAYOUTS,
  type TarLayout,
} from '../index.ts';

/** The words of a `push` command, as the parser hands them over. */
export interface PushWords {
  readonly model?: string | undefined;
  readonly reference?: string | undefined;
  readonly hfRepo?: string;
  readonly hfRevision?: string;
  readonly hfEndpoint?: string;
  readonly registry?: string;
  readonly targetRepo?: string;
  readonly targetTag?: string;
  readonly alsoTag?: readonly string[];
  readonly layerPrefix?: string;
  readonly workers?: string;
  readonly chunkMib?: string;
  readonly tarLayout?: string;
  readonly allowPatterns?: readonly string[];
  readonly ignorePatterns?: readonly string[];
  readonly stateFile?: string;
  readonly force?: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What lies on this machine and is not in the environment. */
export interface Surroundings {
  /** The content of the file that `hf auth login` writes, if there is one. */
  readonly tokenFile?: string | undefined;
  readonly home: string;
  readonly uid?: number | undefined;
}

/**
 * The words of the command and the environment as options. Pure; a flag wins over its variable, and an empty
 * variable counts as unset.
 *
 * @throws ModelcarError `USAGE`
 */
export function toPushOptions(
  words: PushWords,
  env: Environment,
  { tokenFile, home, uid }: Surroundings,
): PushOptions {
  const { model, revision } = modelOf(words);
  const { location, tag } = targetOf(words);
  const endpoint = words.hfEndpoint ?? variable(env, 'HF_ENDPOINT');
  const token = hubToken(env, tokenFile);
  return {
    model,
    target: location,
    ...(tag !== undefined && { tag }),
    alsoTags: words.alsoTag ?? list(env.ALSO_TAGS ?? ''),
    hub: {
      ...(endpoint !== undefined && { endpoint }),
      ...(token !== undefined && { token }),
      offline: isTrue(env.HF_HUB_OFFLINE) || isTrue(env.TRANSFORMERS_OFFLINE),
    },
    ...(revision !== undefined && { revision }),
    allowPatterns: words.allowPatterns ?? list(env.ALLOW_PATTERNS ?? ''),
    ignorePatterns: words.ignorePatterns ?? list(env.IGNORE_PATTERNS ?? ''),
    registry: {
      credentials: credentialSource(env, home, uid),
      ...(words.chunkMib !== undefined && {
        chunkSize: integer('--chunk-mib', words.chunkMib, 1, 1024) * 2 ** 20,
      }),
    },
    stateFile: words.stateFile ?? variable(env, 'STATE_FILE') ?? defaultStateFile(env, home),
    force: words.force ?? isTrue(env.FORCE),
    ...(words.layerPrefix !== undefined && { layerPrefix: words.layerPrefix }),
    ...(words.tarLayout !== undefined && { tarLayout: tarLayoutOf(words.tarLayout) }),
    ...(words.workers !== undefined && { workers: integer('--workers', words.workers, 1, 8) }),
  };
}

function modelOf({ model, hfRepo, hfRevision }: PushWords): { model: string; revision: string | undefined } {
  if (model !== undefined && hfRepo !== undefined)
    throw usage('the model is named twice', 'Leave out --hf-repo.');
  const text = model ?? hfRepo;
  if (text === undefined)
    throw usage('no model is named', 'Write: oci-modelcar push org/model registry/repository');
  const at = text.indexOf('@');
  if (at === -1) return { model: text, revision: hfRevision };
  if (hfRevision !== undefined) throw usage('the revision is given twice', 'Leave out --hf-revision.');
  return { model: text.slice(0, at), revision: text.slice(at + 1) };
}

function targetOf({ reference, registry, targetRepo, targetTag }: PushWords): ImageReference {
  if (reference === undefined) {
    if (registry === undefined)
      throw usage('no target is named', 'Add registry/repository[:tag], or --registry.');
    return { location: parseTargetLocation(registry, targetRepo), tag: targetTag };
  }
  if (registry !== undefined || targetRepo !== undefined) {
    throw usage('the target is named twice', 'Leave out --registry and --target-repo.');
  }
  const parsed = parseImageReference(reference);
  if (parsed.tag !== undefined && targetTag !== undefined) {
    throw usage('the tag is given twice', 'Leave out --target-tag, or use --also-tag for a second one.');
  }
  return { location: parsed.location, tag: parsed.tag ?? targetTag };
}

/** XDG Base Directory Specification: what should outlive a restart and is of no use elsewhere. */
function defaultStateFile(env: Environment, home: string): string {
  return join(variable(env, 'XDG_STATE_HOME') ?? join(home, '.local', 'state'), 'oci-modelcar', 'state.json');
}

/** The variables, else the files of docker and podman. */
function credentialSource(env: Environment, home: string, uid: number | undefined): CredentialSource {
  const username = variable(env, 'OCI_USERNAME');
  const password = env.OCI_PASSWORD ?? '';
  if (username === undefined) {
    if (password !== '') throw usage('OCI_PASSWORD is set without OCI_USERNAME', 'Set both, or neither.');
    return (host, repository) => findCredentials(host, repository, { home, env, uid });
  }
  return async () => ({ credentials: { kind: 'account', username, password }, origin: 'OCI_USERNAME' });
}

/** As `huggingface_hub` reads it: the variable, else the file, unless the implicit use of a token is disabled. */
function hubToken(env: Environment, tokenFile: string | undefined): string | undefined {
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const token = variable(env, 'HF_TOKEN') ?? variable(env, 'HUGGING_FACE_HUB_TOKEN') ?? tokenFile?.trim();
  if (token === undefined || token === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw usage('the Hub token contains characters that no token has', 'Check HF_TOKEN and the token file.');
}

function tarLayoutOf(text: string): TarLayout {
  const found = TAR_LAYOUTS.find((layout) => layout === text);
  if (found !== undefined) return found;
  throw usage(`--tar-layout ${text} is not known`, `Choose ${TAR_LAYOUTS.join(' or ')}.`);
}

function integer(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw usage(`${flag} ${text} is not possible`, `Give a whole number from ${least} to ${most}.`);
}

/** Items parted by commas or white space. */
export function list(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((item) => item !== '');
}

function variable(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** The words that huggingface_hub takes for true. */
function isTrue(text: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(text?.trim() ?? '');
}

function usage(message: string, hint: string): ModelcarError {
  return new ModelcarError('USAGE', message, { hint });
}
