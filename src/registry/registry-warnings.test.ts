import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { withRegistryWarnings } from './registry-warnings.ts';

const ORIGIN = 'https://r.test';

/** What is told after answers with these headers. */
async function told(headers: readonly string[], url = `${ORIGIN}/v2/`): Promise<readonly string[]> {
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  const left = [...headers];
  const send = withRegistryWarnings({ origin: ORIGIN, host: 'r.test', onWarning })(async () =>
    answer(200, { warning: left.shift() ?? '' }),
  );
  for (const _ of headers) await send({ method: 'GET', url });
  return warnings;
}

describe('a warning of the registry', () => {
  test('is told once, however often it comes', async () => {
    expect(await told(Array(100).fill('299 - "read-only from June on"'))).toEqual([
      'r.test says: read-only from June on',
    ]);
  });

  test('is told beside others', async () => {
    expect(await told(['299 - "one, \\"two\\"", 299 - "three"', '299 - "four"'])).toEqual([
      'r.test says: one, "two"',
      'r.test says: three',
      'r.test says: four',
    ]);
  });

  test.each(['', '199 - "old"', '299 r.test "agent"', '299 - unquoted', '299 - "open', '299 - ""'])(
    'is left out where it is none: %j',
    async (header) => {
      expect(await told([header])).toEqual([]);
    },
  );

  test('is not read from whom the registry sends us on to', async () => {
    expect(await told(['299 - "buy"'], 'https://storage.test/blob')).toEqual([]);
  });

  test('is told ten times where it is another one each time', async () => {
    expect(await told(Array.from({ length: 50 }, (_, at) => `299 - "number ${at}"`))).toHaveLength(10);
  });

  test('is short, and shows no state of an upload', async () => {
    const [long = '', signed] = await told([`299 - "${'x'.repeat(9_000)}"`, '299 - "see /up?_state=abc"']);
    expect([long.length < 400, signed]).toEqual([true, 'r.test says: see /up?…']);
  });

  test.each(['299 - "', '299 - "\\', ',', ' ', '"'])(
    'of nothing but %j is read in no time',
    async (piece) => {
      const started = performance.now();
      await told([piece.repeat(20_000)]);
      expect(performance.now() - started).toBeLessThan(1_000);
    },
  );
});
