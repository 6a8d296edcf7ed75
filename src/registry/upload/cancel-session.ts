import { discard, type Transport } from '../../http/transport.ts';
import { resolveLocation } from './location.ts';
import type { UploadState } from './upload-state.ts';

const CANCEL_TIMEOUT_MS = 5_000;

/**
 * Tells the registry that the session is not needed. Best effort: it would be swept up there sooner or later. After a
 * cut body distribution 3 takes a DELETE only at the Location that its status names.
 */
export async function cancelSession(state: UploadState, transport: Transport): Promise<void> {
  if (!('location' in state) || state.location === undefined) return;
  const { location } = state;
  const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
  const ask = async (method: 'DELETE' | 'GET', url: string) => {
    const response = await transport({ method, url, signal });
    await discard(response);
    return response;
  };
  try {
    const refused = (await ask('DELETE', location)).status === 416;
    if (!refused) return;
    const status = await ask('GET', location);
    const { location: latest } = status.headers;
    if (latest !== undefined) await ask('DELETE', resolveLocation(location, latest, status));
  } catch {
    // Whatever ends the push is what people should hear of.
  }
}
