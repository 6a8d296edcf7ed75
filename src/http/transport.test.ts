import { describe, expect, test } from 'vitest';
import { withinMemory } from '../../test/hostile/endless.ts';
import { answer } from '../../test/support/answer.ts';
import { failureOf } from '../../test/support/rejection.ts';
import { canRepeat, discard, type HttpResponse, readText } from './transport.ts';

const LIMIT = 64 * 1024;

/** A body that never ends and notes that it was let go of. */
function endless(): HttpResponse & { readonly sent: () => number; readonly released: () => boolean } {
  let sent = 0;
  let released = false;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        sent += 1000;
        yield Buffer.alloc(1000, 'x');
      }
    } finally {
      released = true;
    }
  }
  return { ...answer(200), body: body(), sent: () => sent, released: () => released };
}

test('text is put together before it is decoded', async () => {
  const [first, second] = [Buffer.from('€').subarray(0, 1), Buffer.from('€').subarray(1)];
  async function* body(): AsyncGenerator<Uint8Array> {
    yield first;
    yield second;
  }
  expect(await readText({ ...answer(200), body: body() })).toBe('€');
});

describe('a body without end', () => {
  test('is read up to the limit and let go of', async () => {
    const response = endless();
    expect((await readText(response)).length).toBe(LIMIT);
    expect(response.sent()).toBeLessThan(LIMIT + 1000);
    expect(response.released()).toBe(true);
  });

  test('costs no more memory when it comes in chunks of one byte', async () => {
    const chunk = Buffer.from('x');
    const body = {
      async *[Symbol.asyncIterator]() {
        for (;;) yield chunk;
      },
    };
    const text = await withinMemory(() => readText({ ...answer(200), body }, 2 ** 21));
    expect(text.length).toBe(2 ** 21);
  });

  test('is not discarded to its end', async () => {
    const response = endless();
    await discard(response);
    expect(response.released()).toBe(true);
  });
});

test('a document that comes byte by byte is not waited for without end', async () => {
  let released = false;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield Buffer.from('x');
      }
    } finally {
      released = true;
    }
  }
  const error = await failureOf(readText({ ...answer(200), body: body() }, LIMIT, 30));
  expect(error).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/^an answer came too slowly: \d+ bytes/),
    hint: expect.any(String),
  });
  expect(released).toBe(true);
});

test('a body that breaks while it is discarded harms nobody', async () => {
  // biome-ignore lint/correctness/useYield: it breaks before the first byte
  async function* body(): AsyncGenerator<Uint8Array> {
    throw new Error('reset');
  }
  await discard({ ...answer(500), body: body() });
});

test('an empty body is an empty text', async () => {
  expect(await readText(answer(204))).toBe('');
});

test('bytes can be sent again, a stream cannot', () => {
  async function* stream(): AsyncGenerator<Uint8Array> {}
  const request = { method: 'PUT', url: 'https://a.test/' } as const;
  expect(canRepeat(request)).toBe(true);
  expect(canRepeat({ ...request, body: Buffer.from('{}') })).toBe(true);
  expect(canRepeat({ ...request, body: stream() })).toBe(false);
});
