import { originOf } from '../http/origin.ts';
import { presentable } from '../http/presentable.ts';
import type { HttpResponse, Wrapper } from '../http/transport.ts';

/** A registry that has a new one for every request is not read to its end. */
const MOST_WARNINGS = 10;

export interface WarningPolicy {
  /** The registry. What storage says that it sends us on to is not its word. */
  readonly origin: string;
  /** Its name, for messages. */
  readonly host: string;
  readonly onWarning: ((message: string) => void) | undefined;
}

/**
 * Tells what the registry wants its users to know, such as that a repository is about to be read-only. It says so with
 * every answer, and clients should not repeat it (OCI distribution-spec 1.1, "Warnings").
 */
export function withRegistryWarnings({ origin, host, onWarning }: WarningPolicy): Wrapper {
  const told = new Set<string>();
  return (transport) => async (request) => {
    const response = await transport(request);
    if (onWarning === undefined || originOf(request.url) !== origin) return response;
    for (const text of warningsIn(response)) {
      if (told.has(text) || told.size >= MOST_WARNINGS) continue;
      told.add(text);
      onWarning(`${host} says: ${text}`);
    }
    return response;
  };
}

/** `299 - "text"`, where a quote in the text is escaped (RFC 9110, section 5.6.4); repeated headers come joined. */
function warningsIn(response: HttpResponse): readonly string[] {
  const found = (response.headers.warning ?? '').matchAll(/(?:^|,)\s*299 - "((?:[^"\\]|\\.)*)"/g);
  return [...found]
    .map(([, text = '']) => presentable(text.replace(/\\(.)/g, '$1'), response))
    .filter((text) => text !== '');
}
