import { formatModelId, type ModelId } from '../core/model.ts';
import type { Branch } from '../core/ports.ts';
import { presentable, shownUrl } from '../http/presentable.ts';
import { readText } from '../http/transport.ts';
import { type HubClient, PAGE_LIMIT } from './hub-client.ts';
import { hubError } from './hub-error.ts';
import { parseBranches } from './wire.ts';

/**
 * The branches of a model, in the Hub's order.
 * @throws ModelcarError when the Hub does not list them: many mirrors have no such route
 */
export async function listBranches(
  id: ModelId,
  hub: HubClient,
  signal: AbortSignal,
): Promise<readonly Branch[]> {
  const { endpoint } = hub;
  const url = endpoint.refs(id);
  const response = await hub.api({ method: 'GET', url, signal });
  if (response.status !== 200) {
    const what = `list the branches of ${formatModelId(id)}`;
    throw await hubError(response, { what, id, revision: 'main', endpoint, token: hub.token });
  }
  const branches = parseBranches(await readText(response, PAGE_LIMIT), shownUrl(url, response));
  return branches.map(({ name, commit }) => ({ name: presentable(name, response), commit }));
}
