/** What our documents are made of. A `null` or a fraction never occurs in them. */
export type Json = string | number | readonly Json[] | { readonly [key: string]: Json };

/**
 * One exact encoding for one document: keys sorted, no white space, ASCII only. Two runs that mean the same image
 * write the same bytes and so get the same digest; the Python tool's `json.dumps(sort_keys=True)` writes them too.
 */
export function encodeJson(value: Json): Uint8Array {
  return Buffer.from(stringify(value), 'ascii');
}

function stringify(value: Json): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return asciiString(value);
  if (isArray(value)) return `[${value.map(stringify).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${asciiString(key)}:${stringify(member)}`).join(',')}}`;
}

function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

// Array.isArray does not narrow a readonly array.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** What a text says as JSON; undefined where it is none, which no JSON text is. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
