import { expect, test } from 'vitest';
import { inert } from '../../src/cli/ui/inert.ts';
import { printable } from '../../src/cli/ui/printable.ts';
import { overlong } from '../../src/core/file-path.ts';
import { parseDiffIds, parseManifest } from '../../src/core/manifest.ts';
import type { Sibling } from '../../src/core/model.ts';
import { componentOf, mainFormat } from '../../src/core/selection/copy-rules.ts';
import { NO_EVIDENCE } from '../../src/core/selection/evidence.ts';
import { fileKind } from '../../src/core/selection/file-kind.ts';
import { matcher } from '../../src/core/selection/path-patterns.ts';
import { evidenceNeeded, selectSiblings } from '../../src/core/selection/selection.ts';
import { parseWeightName } from '../../src/core/selection/weight-name.ts';
import { findInAuthFile, parseAuthFile } from '../../src/credentials/auth-file.ts';
import { parseCaCertificates } from '../../src/http/ca-certificates.ts';
import { withoutQuery } from '../../src/http/origin.ts';
import { presentable, presentablePage } from '../../src/http/presentable.ts';
import { redirectTarget, resolveVerbatim } from '../../src/http/redirect.ts';
import { parseTarget } from '../../src/http/request-target.ts';
import { parseResponseHead } from '../../src/http/response-head.ts';
import { parseRetryAfter } from '../../src/http/retry-after.ts';
import { parseHubEndpoint } from '../../src/hub/endpoint.ts';
import { hubWaitMs } from '../../src/hub/hub-client.ts';
import { allowanceOf, bucketOf } from '../../src/hub/hub-quota.ts';
import { isUnknownPart } from '../../src/hub/range.ts';
import { signedUrl } from '../../src/hub/signed-url.ts';
import { parseErrorMessage, parseTreePage } from '../../src/hub/wire.ts';
import { parseChallenges } from '../../src/registry/auth/challenge.ts';
import { nextPage } from '../../src/registry/next-page.ts';
import { resolveLocation, withDigest } from '../../src/registry/upload/location.ts';
import { parseProblems, parseTagsPage, parseTokenAnswer } from '../../src/registry/wire.ts';
import { parseState } from '../../src/state/state-document.ts';
import { answer } from '../support/answer.ts';
import { cpuMs } from '../support/cpu-time.ts';

/*
 * Reading foreign text takes time in proportion to its length. Each text repeats one piece, and its end keeps a match from
 * succeeding, so that a regular expression backtracks.
 */

const ENDS = ['', '/x', '\n', '\0', '"x'];
const LENGTHS = [14, 16, 18].map((power) => 2 ** power);
/** Linear work takes some ten milliseconds for the longest text; quadratic work takes seconds at least. */
const LIMIT_MS = 1_000;

const ANSWER = answer(200);

type Reader = (text: string) => unknown;

const oid = { algorithm: 'sha256', hex: 'a'.repeat(64) } as const;
const endpoint = parseHubEndpoint('https://hub.test');
const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const json = (text: string) => JSON.stringify({ text });

function listed(...paths: readonly string[]): readonly Sibling[] {
  return paths.map((path) => ({ path, size: 1, oid }));
}

/** The default selection of a model with a file of this name, beside other weights and without them. */
function selected(name: string): void {
  const models = [
    [name],
    [`${name}.gguf`, 'b.gguf'],
    [`${name}.safetensors`, 'b.safetensors'],
    [`${name}.bin`],
    [`${name}-00001-of-00002.safetensors`, `${name}-00001-of-00003.safetensors`, 'model.safetensors'],
  ];
  for (const paths of models) {
    const model = { id: { type: 'model', name: 'a/b' }, siblings: listed(...paths) } as const;
    const request = { allow: [], ignore: [], pickles: 'refuse' } as const;
    evidenceNeeded(model, request);
    refusing(() => selectSiblings(model, request, NO_EVIDENCE), name);
  }
}

const NAMES = [
  ...[
    'license',
    'policy',
    'readme',
    'mmproj',
    'model',
    'consolidated',
    'adapter_',
    'weights',
    'onnx/',
    '.wh.',
  ],
  ...[
    '.onnx',
    '.onnx_data',
    '.ckpt',
    '.index',
    '.model.v3',
    '.data-1-of-1',
    '.data-',
    '.safetensors',
    '.bin',
  ],
  ...['_fp16', '.fp8', '_q4', 'fp1', '-1-of-1', '-00001-of-00002', '-Q4_K_M', 'UD-IQ', 'checkpoint-1/', '.'],
  ...['config', '.gguf.part', '.gguf-split', '.mlpackage/', 'coreml/', '.pdf', 'tokenizer', '-1-of-'],
  ...['.a.index', 'rng_state', 'openvino_', '1', '/', '-', '_', 'a', '\u0301', '\ud800', '\n'],
];

const WEIGHTS = [
  'model',
  '.gguf.part',
  '-1-of-',
  'consolidated',
  '_fp16',
  '-1-of-1',
  '-Q4_K_M',
  'fp1',
  'mmproj',
  '1',
  '/',
  '.',
  '\n',
];

const READERS: readonly (readonly [name: string, read: Reader, pieces: readonly string[]])[] = [
  ['what a file is, by its name', fileKind, NAMES],
  ['the name of weights', (text) => [parseWeightName(text), mainFormat(text), componentOf(text)], NAMES],
  ['whether a path fits', overlong, NAMES],
  ['the default selection', selected, WEIGHTS],
  ['a pattern with stars', (text) => matcher(['*a*a*b', '*[a-c]?d', 'a/'])(text), NAMES],
  [
    'a page of a listing',
    (text) => parseTreePage(JSON.stringify([{ type: 'file', path: text }]), 'u'),
    NAMES,
  ],
  ['the message of the Hub', (text) => [parseErrorMessage(json(text)), parseErrorMessage(text)], ['{', '[']],
  ['a problem of a registry', (text) => [parseProblems(text), parseTokenAnswer(text)], ['{"errors":[', '{']],
  ['a list of tags', (text) => parseTagsPage(JSON.stringify({ tags: [text] })), ['a', '-', '.']],
  [
    'a manifest',
    (text) => [parseManifest(Buffer.from(text)), parseDiffIds(Buffer.from(text))],
    ['{"layers":[', '['],
  ],
  [
    'words for a message',
    (text) => presentable(text, ANSWER),
    ['http://', 'https://a?', 'X-Amz-', 'Policy=', '_state=', ' ', '\t', '?'],
  ],
  [
    'a page of a proxy',
    (text) => presentablePage(text, ANSWER),
    ['<', '<style>', '</style>', '<script', '>', '<a '],
  ],
  ['challenges', parseChallenges, ['Bearer ', 'a=', 'a="', '\\', ',', ' ', 'a = "b",', 'a']],
  [
    'the next page of tags',
    (text) => nextPage('https://r.test/x', text),
    ['<', '>', ';', ' ', '<>;', 'rel=', '; rel="'],
  ],
  [
    'the next page of a listing',
    (text) => [
      endpoint.nextPage(text, 'https://hub.test/api/models/a', ANSWER),
      endpoint.nextPage(`<${text}>; rel=next`, 'https://hub.test/api/models/a', ANSWER),
    ],
    ['<', '>', '<>;', ';', ' ', ' rel=', 'rel="next', '/api/models/', '?', '/'],
  ],
  [
    'where a redirect leads',
    (text) => [
      resolveVerbatim('https://a.test/', text),
      redirectTarget('https://a.test/', `https://b.test/${text}`, ANSWER),
      [withoutQuery(text), parseTarget(`https://b.test/${text}`, ANSWER)],
      [bucketOf(`https://b.test/${text}`), signedUrl(`https://b.test/${text}`, ANSWER, 0)],
      signedUrl(`https://b.test/?Policy=${text}&X-Amz-Date=${text}`, answer(200), 0),
    ],
    ['#', '/', '?', '\\', '@', ':', 'a.', '%', '&', '/api/', '/resolve/', 'Policy='],
  ],
  [
    'where an upload goes on',
    (text) => [
      resolveLocation('https://r.test/', `/${text}`, ANSWER),
      withDigest(`https://r.test/${text}`, DIGEST),
    ],
    ['/uploads/', '/uploads/a ', '?', '&digest', '#', ':', '/', ' '],
  ],
  [
    'the head of an answer',
    (text) => parseResponseHead(`HTTP/1.1 200 ${text}\r\na:${text}\r\n${text}:\r\nconnection: ${text}`),
    ['\t', ' ', 'a', '-', ':', 'close ', '\t\u0001', ' \u0001', 'a '],
  ],
  [
    'headers with numbers',
    (text) => [
      parseRetryAfter(text, 0),
      hubWaitMs(answer(429, { ratelimit: text }), 0),
      allowanceOf(answer(429, { ratelimit: text, 'ratelimit-policy': text })),
      isUnknownPart(answer(416, { 'content-range': text })),
    ],
    ['1', ' ', ';', '; r=0', ';t=', '"', 'bytes ', '-', 'Mon, ', ';q='],
  ],
  [
    'certificates',
    (text) => parseCaCertificates(text, 'ca.pem'),
    ['-', '-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', 'a'],
  ],
  [
    'a file with credentials',
    (text) => {
      const auth = Buffer.from(`a:${text}`).toString('base64');
      const file = parseAuthFile(JSON.stringify({ auths: { [text]: { auth }, 'r.test': { auth } } }), 'f');
      return [findInAuthFile(file, 'r.test', 'a/b'), parseAuthFile(text, 'f')];
    },
    ['/', '\0', ':', 'https://', 'a/', '{'],
  ],
  ['a state file', (text) => parseState(text, 'f'), ['{', '{"jobs":[', '\0', ' ']],
  [
    'text on a terminal',
    (text) => [printable(text), inert(text)],
    ['#', '#\u200b', '\u200b', ':', ' ', '\u0301', '\ud83d', '\u202e', '\u200d', '\u{1f600}'],
  ],
];

test.each(READERS)(
  '%s: the time grows with the length of the text, not with its square',
  (_, read, pieces) => {
    for (const piece of pieces) {
      for (const end of ENDS) {
        // The shorter texts come first, so that a failure takes seconds.
        for (const length of LENGTHS) {
          const text = piece.repeat(Math.ceil(length / piece.length)) + end;
          const shown = `${length} characters of ${JSON.stringify(piece)}, then ${JSON.stringify(end)}`;
          expect(
            cpuMs(() => refusing(read, text)),
            shown,
          ).toBeLessThan(LIMIT_MS);
        }
      }
    }
  },
  // The limit is in processor time; on a busy machine the wall clock runs ahead of it.
  120_000,
);

const FILES = 100_000;
const LISTS: Readonly<Record<string, (at: number) => string>> = {
  'shards of many models': (at) => `d${at >> 1}/model-1-of-${(at % 2) + 2}.safetensors`,
  'two formats in each folder': (at) => `d${at >> 1}/${at % 2 ? 'tf_model.h5' : 'model-1-of-2.safetensors'}`,
  'sets of each precision': (at) => `model.fp8_${at >> 1}-1-of-${(at % 2) + 2}.safetensors`,
  quantisations: (at) => `m${at}.gguf`,
  pickles: (at) => `m${at}.${at % 2 ? 'pt' : 'json'}`,
  'names that say nothing': (at) => `m${at}`,
  adapters: (at) => `d${at}/adapter_config.json`,
};

test.each(Object.entries(LISTS))(
  'a list of 100,000 %s is selected from in seconds',
  (_, path) => {
    const model = {
      id: { type: 'model', name: 'a/b' },
      siblings: listed(...Array.from({ length: FILES }, (_, at) => path(at))),
    } as const;
    const request = { allow: [], ignore: [], pickles: 'refuse' } as const;
    const work = () => {
      const { documents } = evidenceNeeded(model, request);
      const adapter = { base_model_name_or_path: 'c/d' };
      const read = new Map(documents.map(({ path: name }) => [name, adapter]));
      refusing(() => selectSiblings(model, request, { ...NO_EVIDENCE, documents: read }), '');
    };
    // Work that grows with the square of the list takes minutes.
    expect(cpuMs(work)).toBeLessThan(20_000);
  },
  120_000,
);

/** A refusal counts as an answer here. */
function refusing(read: Reader, text: string): void {
  try {
    read(text);
  } catch (error) {
    if (error instanceof RangeError) throw error;
  }
}
