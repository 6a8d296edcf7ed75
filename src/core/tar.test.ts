import { describe, expect, test } from 'vitest';
import { readAll } from '../../test/support/read-all.ts';
import { type ByteSource, fromBytes, zeros } from './bytes.ts';
import { sha256 } from './digest.ts';
import { header, referenceHeader } from './tar-header.ts';
import { tarLayer } from './tar-layer.ts';

const text = (content: string): ByteSource => fromBytes(Buffer.from(content));

describe("the reference layout has the digests of Python's tarfile", () => {
  const safetensors = Buffer.from(Array.from({ length: 10_240 }, (_, index) => index % 256));
  test.each<[path: string, content: ByteSource, size: number, digest: string]>([
    [
      'models/config.json',
      text('{"model_type":"demo"}\n'),
      10_240,
      'a827789476faf3c0815fe52dd2f234ae36cdd8b055540897d84d6caca72a60db',
    ],
    [
      'models/model.safetensors',
      fromBytes(safetensors),
      20_480,
      '00623fb2f69f2c15149a868880b32703b794c5cbe934cc5b88ca901a205d6b2f',
    ],
    [
      'models/empty.txt',
      text(''),
      10_240,
      '906a9d2fe2fea4c78d5944e851850f20a11932dcd64f9d3bc2918d17655c13fe',
    ],
    ['models/a.bin', zeros(8704), 10_240, '26f450c3be557886dd73e60d07cb22fb127ee2cee9956beb0b9e324e97c9b062'],
    ['models/a.bin', zeros(8705), 20_480, '94faba30d232fb2ad296956445b4d6d2370ab0457b38eaadf4ca3fc9279ee063'],
    [
      `models/${'n'.repeat(120)}`,
      text('hello'),
      10_240,
      '4b0f909055ae5ec4761baf9258e38993e925ad2a05e360d931eb0b970912fa14',
    ],
    [
      'models/é.json',
      text('hello'),
      10_240,
      '51ad6c36128d9ad8b0a9f1ddca1a23d93ca20fc2dfe528f010edf9e2c73e0a80',
    ],
    [
      'models/1_Pooling/config.json',
      text('hello'),
      10_240,
      '203dc10bfb0737474e9099db0d0a5a2aea29104a21caa6eb26230431f5c2f70f',
    ],
  ])('%s', async (path, content, size, digest) => {
    const bytes = await readAll(tarLayer(path, content, 'reference'));
    expect(bytes.length).toBe(size);
    expect(sha256(bytes)).toBe(`sha256:${digest}`);
  });

  test.each([
    [8 ** 11 - 1, 512, '5c28132e7a7b8052755c2a0e9930dce73f9c81a89280680faaf30b2ffc62cd8b'],
    [8 ** 11, 1536, '4ccef09b5b707395dbc6062910137b2bf998e865751af183b79a65cef5c755c0'],
  ])('the header of a file of %d bytes', (size, length, digest) => {
    const bytes = referenceHeader('models/m.safetensors', size);
    expect(bytes.length).toBe(length);
    expect(sha256(bytes)).toBe(`sha256:${digest}`);
  });

  test.each([
    [8_589_934_591, 8_589_936_640],
    [8_589_934_592, 8_589_946_880],
  ])('the layer of a file of %d bytes is %d bytes long', (size, length) => {
    expect(tarLayer('models/m.safetensors', zeros(size), 'reference').size).toBe(length);
  });
});

describe('the standard layout', () => {
  test('holds every parent folder, then the file, two zero blocks, and no record padding', async () => {
    const layer = tarLayer('models/1_Pooling/config.json', text('hello'), 'standard');
    const bytes = await readAll(layer);
    expect(layer.size).toBe(3 * 512 + 512 + 1024);
    expect(bytes.length).toBe(layer.size);
    const names = [0, 512, 1024].map((at) => bytes.toString('utf8', at, at + 100).replace(/\0+$/, ''));
    expect(names).toEqual(['models/', 'models/1_Pooling/', 'models/1_Pooling/config.json']);
    expect([0, 512, 1024].map((at) => bytes.toString('ascii', at + 100, at + 107))).toEqual([
      '0000755',
      '0000755',
      '0000644',
    ]);
    expect(bytes.subarray(-1024).every((byte) => byte === 0)).toBe(true);
  });

  test('writes a size of 8 GiB and more in base-256, and one byte less in octal', () => {
    const below = Buffer.from(header({ type: 'file', name: 'm', size: 8 ** 11 - 1 }));
    const at = Buffer.from(header({ type: 'file', name: 'm', size: 8 ** 11 }));
    expect(below.toString('ascii', 124, 135)).toBe('77777777777');
    expect(at.toString('hex', 124, 136)).toBe('800000000000000200000000');
    expect([below.length, at.length]).toEqual([512, 512]);
  });

  test('parts a long ASCII name between the two ustar fields when a slash allows it', () => {
    const folder = 'd'.repeat(90);
    const bytes = Buffer.from(header({ type: 'file', name: `${folder}/${'f'.repeat(100)}`, size: 1 }));
    expect(bytes.length).toBe(512);
    expect(bytes.toString('ascii', 345, 345 + 90)).toBe(folder);
    expect(bytes.toString('ascii', 0, 100)).toBe('f'.repeat(100));
  });

  test.each([
    ['a name that no slash parts', `models/${'n'.repeat(120)}`],
    ['a name that is not ASCII', 'models/größe.json'],
    ['a path beyond both fields', `${'d'.repeat(200)}/${'f'.repeat(90)}`],
  ])('gives %s a PAX path', (_, name) => {
    const bytes = Buffer.from(header({ type: 'file', name, size: 1 }));
    expect(String.fromCharCode(bytes[156] ?? 0)).toBe('x');
    expect(bytes.toString('utf8', 512)).toContain(` path=${name}\n`);
  });

  test('keeps a name of exactly 100 bytes in one field', () => {
    expect(header({ type: 'file', name: 'n'.repeat(100), size: 1 }).length).toBe(512);
    expect(header({ type: 'file', name: 'n'.repeat(101), size: 1 }).length).toBe(512 + 512 + 512);
  });

  test('a layer opened at any offset is the layer without what lies before', async () => {
    const layer = tarLayer('models/sub/x', text('0123456789'), 'standard');
    const whole = await readAll(layer);
    for (const start of [0, 1, 511, 512, 1024, 1536, 1540, 1546, 1547, layer.size - 1, layer.size]) {
      expect(await readAll(layer, start)).toEqual(whole.subarray(start));
    }
  });
});
