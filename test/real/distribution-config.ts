import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CA_CERTIFICATE, CERTIFICATE, KEY } from '../support/test-certificate.ts';
import type { ProcessStart } from './start-process.ts';
import type { RegistryPlace } from './start-registry.ts';

export type DistributionOptions = {
  /**
   * Signs upload sessions. Without one the registry makes one up at each start, and no session outlives a
   * restart (https://distribution.github.io/distribution/about/configuration/#http).
   */
  readonly httpSecret?: 'fixed' | 'made up at each start';
  /** Lines of `user:bcrypt`: nobody else gets in, and it says `Basic` to whoever tries. */
  readonly htpasswd?: string;
  /** Maintenance: it takes no pushes (`storage.maintenance.readonly`). */
  readonly readOnly?: true;
  /** Who gives out the tokens without which nobody gets in. */
  readonly token?: TokenAuthority;
  /** TLS with the certificate of a private CA, for clients that have one of it too. */
  readonly mutualTls?: boolean;
};

export type TokenAuthority = {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** What the certificate in the tokens is signed by. */
  readonly rootCertificate: string;
};

/** What it answers on `/v2/` to who says nothing of himself, in plain HTTP. */
export function readyStatusOf({ htpasswd, token, mutualTls }: DistributionOptions): number {
  if (mutualTls) return 400;
  return htpasswd === undefined && token === undefined ? 200 : 401;
}

/** 2.8 and 3 read the same file. It is JSON, which is YAML too. */
export async function distributionStart(
  command: string,
  { host, folder }: RegistryPlace,
  { httpSecret = 'fixed', htpasswd, token, readOnly, mutualTls }: DistributionOptions,
): Promise<ProcessStart> {
  const secret = httpSecret === 'fixed' ? { secret: 'the same at each start' } : {};
  const auth = {
    ...(htpasswd !== undefined && { htpasswd: { realm: 'test', path: await written('htpasswd', htpasswd) } }),
    ...(token && { token: await tokenAuth(token) }),
  };
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder, 'storage') },
      delete: { enabled: true },
      maintenance: {
        uploadpurging: { enabled: false },
        ...(readOnly && { readonly: { enabled: true } }),
      },
    },
    http: { addr: host, ...secret, ...(mutualTls && { tls: await tls() }) },
    ...(Object.keys(auth).length > 0 && { auth }),
  };
  const configFile = await written('config.yml', JSON.stringify(config));
  // Version 3 would otherwise look for a collector of traces on port 4318.
  return { command, args: ['serve', configFile], cwd: folder, env: { OTEL_TRACES_EXPORTER: 'none' } };

  async function written(name: string, content: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  }

  async function tls(): Promise<object> {
    return {
      certificate: await written('server.crt', CERTIFICATE),
      key: await written('server.key', KEY),
      clientcas: [await written('ca.crt', CA_CERTIFICATE)],
    };
  }

  async function tokenAuth({ rootCertificate, ...names }: TokenAuthority): Promise<object> {
    return { ...names, rootcertbundle: await written('token-root.pem', rootCertificate) };
  }
}
