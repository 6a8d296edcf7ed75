import { describe, expect, test } from 'vitest';
import { pickleByName, pickles, startsAsPickle } from './pickles.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
/** The beginning of a zip whose first file has this name. */
const zip = (name: string) =>
  bytes(`PK\x03\x04${'\0'.repeat(22)}${String.fromCharCode(name.length)}\0\0\0${name}`.slice(0, 64));

describe('a pickle by its first bytes', () => {
  test.each([
    ['a zip of torch.save', 'PK\x03\x04\0\0\0\0archive/data.pkl'],
    ['protocol 2', '\x80\x02}q\0'],
    ['protocol 5', '\x80\x05\x95\x10\0'],
    ['the old format of torch.save', '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'],
    ['a dict of Python 2', '(dp0\nS'],
    ['an object of Python 2', 'ccollections\nOrderedDict\np0\n'],
    ['an import of a hostile text pickle', 'c__builtin__\neval\n'],
    ['a tar of torch before 0.1.10', 'sys_info\0\0\0'],
  ])('is %s', (_, head) => {
    expect(startsAsPickle(bytes(head))).toBe(true);
  });

  test.each([
    ['CTranslate2', '\x06\0\0\0\x0b\0WhisperSpec'],
    ['KenLM', 'mmap lm http://kheafield.com/code format version 5\n\0'],
    ['OpenVINO or a voice pack', '\x12\xaf\x80\x3f\x80\x02\x80\x05'],
    ['a raw file that begins with the number 640', '\x80\x02\0\0\x80\x02\0\0'],
    ['a word list', 'cat\ndog\n'],
    ['msgpack', '\x83\xa4name\xa3ner'],
    ['JSON', '{"a": 1}'],
    ['numpy', '\x93NUMPY\x01\0'],
    ['numpy arrays in a zip, such as voices.bin of Kokoro', zip('af_heart.npy').toString('latin1')],
    ['a file of one byte', '\x80'],
    ['an empty head', ''],
  ])('is not %s', (_, head) => {
    expect(startsAsPickle(bytes(head))).toBe(false);
  });
});

describe('by its name', () => {
  test.each(
    'a.pt a.pth a.pkl a.joblib a.dill a.nemo a.mar a.t7 a.PT a.pth.tar a.pkl.gz a.pt.zip a.joblib.xz scaler.pt pytorch_model-00001-of-00002.bin'.split(
      ' ',
    ),
  )('%s is a pickle', (path) => {
    expect(pickleByName({ path, size: 1 })).toBe('pickle');
  });

  test.each(
    'a.bin model.bin policy a.dat a.ckpt a.model policy.bin sub/model a.zip src.vocab bpe.codes unheard.of'.split(
      ' ',
    ),
  )('%s needs a look', (path) => {
    expect(pickleByName({ path, size: 1 })).toBe('look');
    expect(pickleByName({ path, size: 0 })).toBe('no');
  });

  test.each(
    'a.safetensors a.gguf a.onnx a.onnx_data a.npz a.npy a.gz a.wav a.json a.txt a.py a.param a.pb en_core_web_sm-any-py3-none-any.whl a.tar.gz LICENSE MODEL_CARD tokenizer.model model.ckpt.index variables.data-00000-of-00001 m.gguf.part1of2'.split(
      ' ',
    ),
  )('%s is none', (path) => {
    expect(pickleByName({ path, size: 1 })).toBe('no');
  });
});

describe('a file that is named as a zip', () => {
  const isPickle = (head: Uint8Array) => {
    const sibling = { path: 'a.zip', size: 1, oid: { algorithm: 'git-sha1', hex: '' } } as const;
    return pickles([sibling], { heads: new Map([['a.zip', head]]), documents: new Map() }).length > 0;
  };

  test.each(['flow.encoder/data.pkl', 'data', 'policy.pth'])('holds a pickle if %s comes first', (name) => {
    expect(isPickle(zip(name))).toBe(true);
  });

  test.each([
    'ggml-base-encoder.mlmodelc/',
    'metadata.json',
    'dataset/data.csv',
    `${'long/'.repeat(20)}data.pkl`,
  ])('is data if %s comes first', (name) => {
    expect(isPickle(zip(name))).toBe(false);
  });

  test('is data if it is no zip', () => {
    expect(isPickle(bytes('data.pkl'))).toBe(false);
  });
});
