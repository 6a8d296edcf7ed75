import { discard, type Transport } from '../http/transport.ts';
import { type Routes, refuseWebServer } from './no-registry.ts';
import { readProblem, refusalError, refusalOf } from './registry-error.ts';
import { cancelSession } from './upload/cancel-session.ts';
import { resolveLocation } from './upload/location.ts';

/**
 * Opens an upload and cancels it: no other request of the distribution-spec tells whether an account may push
 * (go-containerregistry's `remote.CheckPushPermission` does the same).
 *
 * @throws ModelcarError with the registry's reason
 */
export async function checkPushAccess(
  { target, signal }: { readonly target: string; readonly signal: AbortSignal },
  routes: Routes,
  authorized: Transport,
): Promise<void> {
  const { repository, api } = routes;
  const url = `${repository}/blobs/uploads/`;
  const headers = { 'content-length': '0' };
  const response = await api({ method: 'POST', url, headers, signal });
  if (response.status !== 202 && response.status !== 201) {
    const problem = await readProblem(response);
    await refuseWebServer(problem.page, 'repository', routes, signal);
    throw refusalError(`push to ${target}`, refusalOf(problem));
  }
  await discard(response);
  const { location } = response.headers;
  if (location === undefined) return;
  const session = resolveLocation(url, location, response);
  // Sent once: the registry sweeps up what it does not cancel.
  await cancelSession({ phase: 'asking', location: session, offset: 0, framing: 'stream' }, authorized);
}
