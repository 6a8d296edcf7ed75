import { describe, expect, test } from 'vitest';
import { answer } from '../../../test/support/answer.ts';
import { withSecretSessions } from './secret-sessions.ts';

const BASE = 'https://r.test/v2/acme-company/llama';

async function secretsOf(url: string, method: 'PATCH' | 'HEAD' = 'PATCH'): Promise<readonly string[]> {
  let secrets: readonly string[] = [];
  const send = withSecretSessions(BASE)(async (request) => {
    secrets = request.secrets ?? [];
    return answer(200);
  });
  await send({ method, url });
  return secrets;
}

describe('the name of an upload session is kept out of messages', () => {
  test.each([
    ['where most registries have it', `${BASE}/blobs/uploads/8845-bbcc?_state=x`, ['8845-bbcc']],
    ['at GHCR', `${BASE}/blobs/upload/8845-bbcc`, ['8845-bbcc']],
    [
      'at Google, whose other words stay',
      'https://r.test/artifacts-uploads/namespaces/p/repositories/r/uploads/AF2bZyhk=/',
      ['AF2bZyhk='],
    ],
    [
      'anywhere else',
      'https://r.test/upload-sessions/acme-company/8845-bbcc#x',
      ['upload-sessions', '8845-bbcc'],
    ],
  ])('%s', async (_, url, secrets) => {
    expect(await secretsOf(url)).toEqual(secrets);
  });

  test.each([
    ['a blob', `${BASE}/blobs/sha256:0123456789abcdef`],
    ['the place where sessions are opened', `${BASE}/blobs/uploads/?digest=sha256:0123456789abcdef`],
  ])('and %s has no secret', async (_, url) => {
    expect(await secretsOf(url)).toEqual([]);
  });

  test('and the storage that a question for a blob is redirected to has none', async () => {
    const url =
      'https://storage.test/docker/registry/v2/blobs/sha256/01/0123456789abcdef/data?X-Amz-Signature=1';
    expect(await secretsOf(url, 'HEAD')).toEqual([]);
  });
});
