import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freeLoopbackPort } from '../../test/real/start-process.ts';
import { ask } from './ask.ts';
import { program } from './programs.ts';
import { startDaemon } from './servers.ts';
import type { Source, SourceStart } from './source.ts';

/** The Hub's storage: nginx with sendfile, which costs next to nothing. */
export async function startNginxSource(start: SourceStart): Promise<Source> {
  const port = await freeLoopbackPort();
  const folder = join(start.scratch, `nginx-${port}`);
  mkdirSync(folder);
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, configuration(start, port, folder), { mode: 0o600 });
  const daemon = await startDaemon(
    [program('nginx'), '-p', folder, '-e', 'stderr', '-c', config],
    port,
    folder,
  );
  const origin = `${start.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  let looks = 0;
  return {
    origin,
    async requests() {
      const { body } = await ask(`${origin}/requests`, start.tls?.ca);
      looks += 1;
      // "accepts handled requests", the last of which counts our own looks too.
      return Number(/\n\s*\d+ \d+ (\d+)/.exec(body)?.[1] ?? 0) - looks;
    },
    stop: () => daemon.stop(),
  };
}

function configuration({ files, tls }: SourceStart, port: number, folder: string): string {
  const ways = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  if (tls !== undefined) {
    writeFileSync(join(folder, 'key.pem'), tls.key, { mode: 0o600 });
    writeFileSync(join(folder, 'certificate.pem'), tls.cert);
  }
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr crit;
worker_processes 2;
user ${userInfo().username};
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  ${ways.map((way) => `${way}_temp_path ${folder}/${way};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} backlog=4096${tls === undefined ? '' : ' ssl'};
    ${tls === undefined ? '' : tlsDirectives(folder)}
    location = /requests { stub_status; }
    location / { root ${files}; }
  }
}
`;
}

/** The kernel enciphers, where it can: then sendfile stays sendfile. */
function tlsDirectives(folder: string): string {
  return `
    ssl_certificate ${folder}/certificate.pem;
    ssl_certificate_key ${folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_conf_command Options KTLS;`;
}
