import {
  findRegistryCertificates,
  type HubAccess,
  type NetworkAccess,
  proxyFromEnvironment,
  type RegistryAccess,
} from '../index.ts';
import { credentialSource } from './credential-source.ts';
import { type Environment, type FlagValues, notEmpty, refuseMacro, shown, usage } from './read-flags.ts';
import { hubCacheFolder, isTrue, type Surroundings, type TokenFile, tokenVariable } from './surroundings.ts';

const MIB = 2 ** 20;

/** @throws ModelcarError `USAGE` */
export function hubAccess(
  values: FlagValues,
  env: Environment,
  { home, tokenFile }: Surroundings,
): HubAccess {
  const endpoint = values.text('hfEndpoint');
  const retries = values.integer('hfMaxRetries', 0, 100);
  const connections = values.integer('hfConnections', 1, 64);
  return {
    ...(endpoint !== undefined && { endpoint }),
    ...hubToken(env, tokenFile),
    ...(retries !== undefined && { retries }),
    ...(connections !== undefined && { connections }),
    ...seconds('metadataTimeoutMs', 'HF_HUB_ETAG_TIMEOUT', env),
    ...seconds('stallTimeoutMs', 'HF_HUB_DOWNLOAD_TIMEOUT', env),
    ...(values.text('source') === 'cache' && { cache: hubCacheFolder(env, home) }),
    offline: offlineBy(env) ?? false,
  };
}

/** @throws ModelcarError `USAGE` */
export function registryAccess(
  values: FlagValues,
  env: Environment,
  { home, uid }: Surroundings,
): RegistryAccess {
  const retries = values.integer('ociMaxRetries', 0, 100);
  const chunkMib = values.integer('chunkMib', 1, 1024);
  return {
    credentials: credentialSource(withAuthfile(values, env), home, uid),
    ...(retries !== undefined && { retries }),
    ...(chunkMib !== undefined && { chunkSize: chunkMib * MIB }),
    insecure: skipsVerification(values),
    certificates: (host: string) => findRegistryCertificates(host, { home, env }),
  };
}

/** A flag wins over every variable, so --authfile switches off accounts in variables. */
function withAuthfile(values: FlagValues, env: Environment): Environment {
  const file = values.text('authfile');
  if (file === undefined) return env;
  const { OCI_USERNAME: _, OCI_PASSWORD: __, OCI_PASSWORD_FILE: ___, ...rest } = env;
  return { ...rest, REGISTRY_AUTH_FILE: file };
}

function skipsVerification(values: FlagValues): boolean {
  const verify = values.decision('tlsVerify');
  if (verify === true && values.wasGiven('insecure'))
    throw usage('--insecure and --tls-verify contradict each other', 'Leave out one of them.');
  return verify === undefined ? (values.decision('insecure') ?? false) : !verify;
}

export function networkAccess(env: Environment, { ca, caFile, systemCa }: Surroundings): NetworkAccess {
  return {
    proxyFor: proxyFromEnvironment(env),
    ...(ca !== undefined && { ca }),
    ...(caFile !== undefined && { caOrigin: caFile }),
    ...(systemCa !== undefined && { systemCa }),
  };
}

/**
 * As in `huggingface_hub`: the variable, else the file, unless the user disables implicit tokens. A token of the file is
 * optional, because the user did not set it for this push.
 */
function hubToken(
  env: Environment,
  tokenFile: TokenFile | undefined,
): Pick<HubAccess, 'token' | 'tokenOrigin' | 'tokenIsOptional' | 'readToken'> {
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return {};
  const variable = tokenVariable(env);
  if (variable !== undefined) {
    refuseMacro(variable, env[variable]);
    return checkedToken(notEmpty(env[variable]), variable);
  }
  if (tokenFile === undefined) return {};
  return {
    ...checkedToken(notEmpty(tokenFile.content), tokenFile.name),
    tokenIsOptional: true,
    readToken: async () => sendable(notEmpty(await tokenFile.readAgain())),
  };
}

function sendable(token: string | undefined): string | undefined {
  return token !== undefined && SENDABLE.test(token) ? token : undefined;
}

const SENDABLE = /^[\x21-\x7e]+$/;

function checkedToken(
  token: string | undefined,
  tokenOrigin: string,
): Pick<HubAccess, 'token' | 'tokenOrigin'> {
  if (token === undefined) return {};
  if (SENDABLE.test(token)) return { token, tokenOrigin };
  throw usage(
    `the Hub token from ${tokenOrigin} contains characters that no token has`,
    `Put the token alone into ${tokenOrigin}.`,
  );
}

/** As in `huggingface_hub`: the second variable counts if the first one is not set. */
function offlineBy(env: Environment): string | undefined {
  const name = ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].find((each) => notEmpty(env[each]) !== undefined);
  return name !== undefined && isTrue(env[name]) ? name : undefined;
}

/**
 * Time limits as `huggingface_hub` reads them: whole seconds.
 * https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 */
function seconds<Name extends string>(
  name: Name,
  variable: string,
  env: Environment,
): { readonly [Key in Name]?: number } {
  const text = notEmpty(env[variable]);
  if (text === undefined) return {};
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 3600) {
    return { [name]: Number(text) * 1000 } as { readonly [Key in Name]: number };
  }
  throw usage(
    `invalid ${variable}: ${shown(text)} (expected 1 to 3600)`,
    'Give whole seconds in that range.',
  );
}
