import { Agent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const plainAgent = new Agent({ keepAlive: true, maxSockets: 4 });
const tlsAgent = new TlsAgent({ keepAlive: true, maxSockets: 4 });

/** One question of the benchmark itself, outside of what is measured. */
export function ask(
  url: string,
  ca: string | undefined,
  { method = 'GET', accept = '*/*' }: { readonly method?: string; readonly accept?: string } = {},
): Promise<Asked> {
  const options = { method, headers: { Accept: accept }, timeout: 10_000 };
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:')
      ? tlsRequest(url, { ...options, agent: tlsAgent, ca })
      : plainRequest(url, { ...options, agent: plainAgent });
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url}`)));
    request.on('error', reject);
    request.on('response', (response) => {
      const { statusCode: status = 0, headers } = response;
      text(response).then((body) => resolve({ status, headers, body }), reject);
    });
    request.end();
  });
}
