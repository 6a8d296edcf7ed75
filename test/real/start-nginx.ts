import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { CA_CERTIFICATE, CERTIFICATE, KEY } from '../support/test-certificate.ts';
import { peerPath } from './peers.ts';
import { runCommand } from './run-command.ts';
import { startRegistry } from './start-registry.ts';

export interface RunningNginx {
  /** As in a reference: what stands before the registry. */
  readonly host: string;
  /** Every request that has ended, in the order of their ends. */
  log(): Promise<readonly NginxEntry[]>;
  /** Reads its configuration anew: a new process takes over, the old one ends with its last request. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

export interface NginxEntry {
  readonly method: string;
  readonly status: number;
  /** `Content-Length`; undefined for a stream. */
  readonly length: number | undefined;
  /** The process that served it. */
  readonly pid: number;
}

export interface NginxTls {
  /** Whether it wants a client certificate of the same private CA. */
  readonly verifiesClients: boolean;
}

/** nginx in front of a registry, with these directives and otherwise as it is. With TLS its CA is a private one. */
export async function startNginx(
  upstream: string,
  directives: readonly string[],
  tls?: NginxTls,
): Promise<RunningNginx> {
  let folder = '';
  const running = await startRegistry({
    name: 'nginx',
    // To plain HTTP.
    ...(tls && { readyStatus: 400 }),
    async prepare(place) {
      folder = place.folder;
      const server = tls ? await tlsDirectives(folder, place.host, tls) : [`listen ${place.host}`];
      await writeFile(join(folder, 'nginx.conf'), configuration(folder, upstream, server, directives));
      return { command: peerPath('nginx'), args: argumentsFor(folder), cwd: folder };
    },
  });
  return {
    host: running.host,
    async log() {
      const lines = (await readFile(join(folder, 'access.log'), 'utf8')).trim().split('\n');
      return lines.map(parseEntry);
    },
    async reload() {
      await runCommand(peerPath('nginx'), [...argumentsFor(folder), '-s', 'reload']);
    },
    stop: running.stop,
  };
}

async function tlsDirectives(folder: string, host: string, { verifiesClients }: NginxTls): Promise<string[]> {
  const files = { 'server.crt': CERTIFICATE, 'server.key': KEY, 'ca.crt': CA_CERTIFICATE };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return [
    `listen ${host} ssl`,
    `ssl_certificate ${folder}/server.crt`,
    `ssl_certificate_key ${folder}/server.key`,
    ...(verifiesClients ? [`ssl_client_certificate ${folder}/ca.crt`, 'ssl_verify_client on'] : []),
  ];
}

function argumentsFor(folder: string): string[] {
  return ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
}

function parseEntry(line: string): NginxEntry {
  const [pid = '', method = '', status = '', length = ''] = line.split(' ');
  const declared = /^\d+$/.test(length) ? Number(length) : undefined;
  return { method, status: Number(status), length: declared, pid: Number(pid) };
}

function configuration(
  folder: string,
  upstream: string,
  server: readonly string[],
  directives: readonly string[],
): string {
  const ways = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr crit;
worker_processes 1;
# The folder lets nobody else in.
user ${userInfo().username};
events { worker_connections 256; }
http {
  log_format ends '$pid $request_method $status $content_length';
  access_log ${folder}/access.log ends;
  ${ways.map((way) => `${way}_temp_path ${folder}/${way};`).join('\n  ')}
  server {
    ${server.map((directive) => `${directive};`).join('\n    ')}
    location / {
      proxy_pass http://${upstream};
      proxy_set_header Host $http_host;
      ${directives.map((directive) => `${directive};`).join('\n      ')}
    }
  }
}
`;
}
