import { describe, expect, test } from 'vitest';
import { secret } from '../../test/support/secrets.ts';
import { ModelcarError, parseImageReference } from '../index.ts';
import { refuseForeignTarget } from './target-mistakes.ts';

function refusal(text: string): ModelcarError | undefined {
  try {
    refuseForeignTarget(text);
    return undefined;
  } catch (error) {
    if (error instanceof ModelcarError) return error;
    throw error;
  }
}

describe('a target in the style of another tool gets an error with our spelling', () => {
  test.each([
    [
      'oci-archive:foo.tar',
      'oci-archive: is not supported',
      'skopeo copy oci:FOLDER:TAG oci-archive:FILE.tar:TAG',
    ],
    [
      'docker-archive:foo.tar',
      'docker-archive: is not',
      'skopeo copy oci:FOLDER:TAG docker-archive:FILE.tar',
    ],
    ['docker-daemon:foo:v1', 'docker-daemon: is not', 'skopeo copy oci:FOLDER:TAG docker-daemon:NAME:TAG'],
    ['containers-storage:foo', 'containers-storage: is not', 'oci:FOLDER:TAG containers-storage:NAME:TAG'],
    ['dir:foo', 'dir: is not supported', 'skopeo copy oci:FOLDER:TAG dir:FOLDER'],
    ['oci://ghcr.io/acme/llama:v1', 'oci:// is ambiguous', 'Leave out oci:// for a registry'],
    ['s3://bucket/x', 's3:// is not supported', 'registry/repository[:tag]'],
    ['HF://acme/llama', 'hf:// is not supported', 'registry/repository[:tag]'],
    ['hf.co/acme/llama', 'the target is the Hub', 'registry/repository[:tag]'],
    ['https://huggingface.co/acme/llama', 'the target is the Hub', 'registry/repository[:tag]'],
    ['C:\\models\\llama', 'Windows paths', 'oci:/mnt/c/models/llama'],
    ['c:/models/llama', 'Windows paths', 'oci:/mnt/c/models/llama'],
    ['oci:C:\\models\\llama:v1', 'Windows paths', 'oci:/mnt/c/models/llama:v1'],
    ['oci:D:/models/llama', 'Windows paths', 'oci:/mnt/d/models/llama'],
    ['\\\\server\\share', 'Windows paths', 'WSL'],
    ['oci:~/lay:v1', 'did not expand the ~', 'Write oci:$HOME/lay:v1'],
    ['oci:~', 'did not expand the ~', 'Write oci:$HOME'],
    ['oci:~ada/lay', 'did not expand the ~', 'Write the full path.'],
    ['./lay', 'the target is a path', 'oci:./lay'],
    ['/srv/lay:v1', 'the target is a path', 'oci:/srv/lay:v1'],
    ['../lay', 'the target is a path', 'oci:../lay'],
  ])('%s', (text, message, hint) => {
    expect(refusal(text)?.message).toContain(message);
    expect(refusal(text)?.hint).toContain(hint);
  });
});

test.each([
  ...[
    'ghcr.io/acme/llama:v1',
    'localhost:5000/x',
    'http://ghcr.io/a',
    'registry.example.com/dir/x',
    'hf.company.com/x',
  ],
  ...['oci:out', 'oci:./~/out:v1', 'oci:/srv/x', 'oci:../x', 'oci:C/x', 'oci:x~:v1', 'dir:5000/x'],
])('%s is accepted unchanged', (text) => {
  expect(refusal(text)).toBe(undefined);
  expect(parseImageReference(text).location).toBeDefined();
});

test('an account in such a target is not repeated', () => {
  for (const shape of [
    's3://',
    'oci://',
    'dir:',
    './',
    '/',
    'oci:~/',
    'oci:C:\\',
    'C:\\',
    '\\\\',
    'https://hf.co/',
  ]) {
    const text = `${shape}ada:${secret('password')}@host/x`;
    const { message = '', hint = '' } = refusal(text) ?? {};
    expect(message + hint).not.toContain(secret('password'));
  }
});
