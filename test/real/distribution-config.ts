import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
};

/** 2.8 and 3 read the same file. It is JSON, which is YAML too. */
export async function distributionStart(
  command: string,
  { host, folder }: RegistryPlace,
  { httpSecret = 'fixed', htpasswd }: DistributionOptions,
): Promise<ProcessStart> {
  const secret = httpSecret === 'fixed' ? { secret: 'the same at each start' } : {};
  const auth = { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } };
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: join(folder, 'storage') },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: host, ...secret },
    ...(htpasswd !== undefined && { auth }),
  };
  if (htpasswd !== undefined) await writeFile(auth.htpasswd.path, htpasswd);
  const configFile = join(folder, 'config.yml');
  await writeFile(configFile, JSON.stringify(config));
  // Version 3 would otherwise look for a collector of traces on port 4318.
  return { command, args: ['serve', configFile], cwd: folder, env: { OTEL_TRACES_EXPORTER: 'none' } };
}
