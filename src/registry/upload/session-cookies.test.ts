import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import type { HttpRequest } from '../../http/transport.ts';
import { withSessionCookies } from './session-cookies.ts';

const ORIGIN = 'https://r.test';

/** The cookies that each request carries, when the first answer sets `lines`. */
async function cookies(
  lines: readonly string[],
  ...urls: readonly string[]
): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  const transport = withSessionCookies(ORIGIN, async ({ headers }: HttpRequest) => {
    seen.push(headers?.cookie);
    return answer(202, seen.length === 1 ? { 'set-cookie': lines.join('\n') } : {});
  });
  for (const url of urls) await transport({ method: 'GET', url });
  return seen;
}

describe('a cookie that the registry sets', () => {
  test('comes back to it, without its attributes', async () => {
    const lines = ['sid=abc; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly', 'node="2"'];
    expect(await cookies(lines, `${ORIGIN}/a`, `${ORIGIN}/b`)).toEqual([undefined, 'sid=abc; node="2"']);
  });

  test('goes to nobody else, and nobody else sets one', async () => {
    expect(await cookies(['sid=abc'], `${ORIGIN}/a`, 'https://storage.test/b')).toEqual([
      undefined,
      undefined,
    ]);
    expect(await cookies(['sid=abc'], 'https://storage.test/b', `${ORIGIN}/a`)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test.each(['no name', '=x', 'a=b c', `a=${'x'.repeat(5_000)}`, 'a=b\u0000'])(
    'is left out where it is none: %j',
    async (line) => {
      expect(await cookies([line], `${ORIGIN}/a`, `${ORIGIN}/b`)).toEqual([undefined, undefined]);
    },
  );
});
