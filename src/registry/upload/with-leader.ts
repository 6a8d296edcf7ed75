import { originOf } from '../../http/origin.ts';
import type { Wrapper } from '../../http/transport.ts';

/**
 * Names the server that pointed us to each request: the one that answered last chose the Location. So if a private
 * registry sends an upload to a public server, that server cannot point us to a private address.
 */
export function withLeader(): Wrapper {
  let leader: string | undefined;
  let last: string | undefined;
  return (transport) => async (request) => {
    if (last !== undefined && originOf(last) !== originOf(request.url)) leader = last;
    const response = await transport(leader === undefined ? request : { ...request, redirectedFrom: leader });
    last = response.url ?? request.url;
    return response;
  };
}
