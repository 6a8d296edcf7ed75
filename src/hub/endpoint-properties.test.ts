import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { cpuMs } from '../../test/support/cpu-time.ts';
import { ModelcarError } from '../core/error.ts';
import { parseHubEndpoint } from './endpoint.ts';

const endpoint = parseHubEndpoint('https://mirror.test/hf');
const PAGE = 'https://mirror.test/hf/api/models/acme/llama/tree/main?recursive=true';

const piece = fc.constantFrom(
  ...['<', '>', ';', ' ', 'rel=', '"', 'next', 'rel="next"', ',', '/api/models/', '?cursor=', '#', '%2F'],
  ...['https://evil.test', '//evil.test', '\\\\evil.test:99999/', 'http:', '@', ':', '..', '\u00e9', '['],
);

test('whatever the Link says, a listing goes on at the endpoint or is refused', () => {
  const link = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(
      fc.oneof(
        link,
        link.map((inner) => `<${inner}>; rel="next"`),
      ),
      (header) => {
        try {
          const next = endpoint.nextPage(header, PAGE, answer(200));
          if (next !== undefined) expect(next).toMatch(/^https:\/\/mirror\.test\/hf\/api\/models\//);
        } catch (error) {
          expect(error).toBeInstanceOf(ModelcarError);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test.each(['<', '<>;', '<> ; rel '])('a Link of nothing but %j is read in no time', (part) => {
  const spent = cpuMs(() => {
    endpoint.nextPage(part.repeat(100_000 / part.length), PAGE, answer(200));
    endpoint.nextPage(part + ' '.repeat(100_000), PAGE, answer(200));
  });
  expect(spent).toBeLessThan(1_000);
});
