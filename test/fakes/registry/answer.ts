/** What a handler decided; the front sends it, after faults have had their say. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The body is a list of errors, under the media type that the personality gives to those. */
  readonly errors?: true;
  /** Each becomes a WWW-Authenticate header of its own. */
  readonly challenges?: readonly string[];
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  readonly detail?: unknown;
}

export function refuse(refusal: Refusal, headers: Readonly<Record<string, string>> = {}): Answer {
  return refuseAll([{ ...refusal }], headers);
}

export function refuseAll(
  refusals: readonly Refusal[],
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const errors = refusals.map(({ code, message, detail }) => ({
    code,
    message: message ?? code.toLowerCase().replaceAll('_', ' '),
    ...(detail === undefined ? {} : { detail }),
  }));
  return {
    status: refusals[0]?.status ?? 500,
    headers,
    errors: true,
    body: `${JSON.stringify({ errors })}\n`,
  };
}

/** gorilla/mux answers unrouted paths itself, in plain text. */
export const notRouted: Answer = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: '404 page not found\n',
};

/** A 404 and not a word more. */
export const nowhere: Answer = { status: 404, headers: {} };

export function html(status: number, title: string): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body><h1>${title}</h1></body>\r\n</html>\r\n`,
  };
}
