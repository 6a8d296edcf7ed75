import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  readonly json: unknown;
  /** The code of what ended the answer before its announced length. */
  readonly broken: string | undefined;
}

export interface RawOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/**
 * One request as written and one answer as sent: follows nothing, decodes nothing, adds no headers but Host. What
 * came before a broken connection is kept; without even a status line the promise rejects.
 */
export function rawRequest(url: string, options: RawOptions = {}): Promise<RawAnswer> {
  const { method = 'GET', headers = {}, body, agent = new Agent(), signal } = options;
  const match = /^http:\/\/([^/:]+):(\d+)(.*)$/.exec(url);
  if (!match) throw new Error(`not a loopback URL: ${url}`);
  const [, host, port, path] = match;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host, port, path: path === '' ? '/' : path, method, headers, agent, ...(signal ? { signal } : {}) },
      (incoming) => {
        const chunks: Buffer[] = [];
        const finish = (broken?: string): void => {
          const whole = Buffer.concat(chunks);
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: whole,
            text: whole.toString('utf8'),
            get json(): unknown {
              return JSON.parse(whole.toString('utf8'));
            },
            broken,
          });
        };
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => finish());
        incoming.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
