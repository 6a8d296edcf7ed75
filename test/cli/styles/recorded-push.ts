import type { CheckedPlan, PushEvent, PushResult, Sibling } from '../../../src/index.ts';

/** A push with all that can happen in one that works, and with names that were chosen to do harm. */
export const RECORDED: readonly (readonly [at: number, event: PushEvent])[] = [
  [
    400,
    {
      type: 'model-resolved',
      model: 'acme/llama',
      revision: 'main',
      commit: '8f2c1e0d9b7a6f5e4d3c2b1a09f8e7d6c5b4a392',
      files: 8,
      size: 5_000_016_384,
    },
  ],
  [
    400,
    {
      type: 'files-left-out',
      code: 'other-format',
      reason: 'the same weights in another format: PyTorch',
      files: 2,
      size: 4_890_000_000,
    },
  ],
  [410, { type: 'warning', message: 'cannot use /home/ci/state.json: 100% full\n::error::not ours' }],
  [500, { type: 'credentials-chosen', registry: 'ghcr.io', origin: undefined }],
  [510, { type: 'credentials-chosen', registry: 'ghcr.io', origin: undefined }],
  found(520, '8f2c1e0d9b7a', 'moves'),
  found(520, 'v1', 'may-move'),
  found(520, 'v1.0', 'stays'),
  [
    600,
    { type: 'request-retrying', side: 'hub', retry: 1, delayMs: 12_000, reason: '429 Too Many Requests' },
  ],
  [
    700,
    {
      type: 'requests-held',
      side: 'hub',
      delayMs: 12_000,
      reason: '0 of 500 requests are left to us (api)',
    },
  ],
  done(12_700, 'models/config.json', 2_560, 'existed'),
  ...layer(12_800, '::add-mask::a', 2_560),
  ...layer(12_900, 'models/##vso[task.setvariable variable=x]y', 2_560),
  ...layer(13_000, 'models/#\u00ad#[error]100%|*a*<b>\u202e\u001b[2J', 2_560),
  ...layer(13_100, 'models/größe 模型.json', 4_096),
  [13_200, { type: 'layer-started', path: 'models/a.safetensors', size: 3_000_001_536 }],
  [13_200, { type: 'layer-started', path: 'models/b.safetensors', size: 2_000_001_024 }],
  progress(14_000, 'models/a.safetensors', 80_000_000, 3_000_001_536),
  progress(18_200, 'models/a.safetensors', 500_000_000, 3_000_001_536),
  progress(18_300, 'models/b.safetensors', 400_000_000, 2_000_001_024),
  [
    19_000,
    {
      type: 'layer-retrying',
      path: 'models/b.safetensors',
      side: 'target',
      offset: 300_000_000,
      retry: 1,
      delayMs: 800,
      reason: 'the connection was closed',
    },
  ],
  progress(20_000, 'models/b.safetensors', 300_000_000, 2_000_001_024),
  progress(24_000, 'models/b.safetensors', 1_000_000_000, 2_000_001_024),
  [
    25_000,
    {
      type: 'layer-retrying',
      path: 'models/b.safetensors',
      side: 'hub',
      offset: 1_000_000_000,
      retry: 2,
      delayMs: 1_600,
      reason: '503 Service Unavailable',
    },
  ],
  [
    30_950,
    {
      type: 'layer-cost',
      path: 'models/b.safetensors',
      retries: 3,
      reread: 1_200_000_000,
      resent: 1_048_576,
    },
  ],
  done(31_000, 'models/b.safetensors', 2_000_001_024),
  progress(32_000, 'models/a.safetensors', 2_100_000_000, 3_000_001_536),
  done(41_000, 'models/a.safetensors', 3_000_001_536),
  ...layer(41_100, 'models/z.txt', 2_048),
  [41_500, { type: 'manifest-pushed', digest: digest('f'), reference: `ghcr.io/acme/llama@${digest('f')}` }],
  tagged(41_600, '8f2c1e0d9b7a', 'moved'),
  tagged(41_700, 'v1', 'existed'),
  tagged(41_800, 'latest', 'set'),
];

export const RESULT_AT = 42_000;

export const RESULT: PushResult = {
  manifestDigest: digest('f'),
  imageReference: 'ghcr.io/acme/llama:8f2c1e0d9b7a',
  imageReferenceDigest: `ghcr.io/acme/llama@${digest('f')}`,
  commit: '8f2c1e0d9b7a6f5e4d3c2b1a09f8e7d6c5b4a392',
  transfer: { sent: 4_500_000_512, resumed: 500_000_000, existed: 15_872 },
  movedTags: [{ tag: '8f2c1e0d9b7a', previous: digest('e') }],
  cost: { retries: 3, reread: 1_200_000_000, resent: 1_048_576 },
};

const CONFIG = file('config.json', 512);
const WEIGHTS = file('##vso[task.setvariable variable=x]y', 2_000_000_000);

export const PLAN: CheckedPlan = {
  model: {
    id: { type: 'model', name: 'acme/llama' },
    revision: 'main',
    commit: RESULT.commit,
    siblings: [CONFIG, WEIGHTS, file('model.bin', 2_000_000_000)],
  },
  layers: [
    { sibling: WEIGHTS, path: 'models/##vso[task.setvariable variable=x]y', size: 2_000_001_024 },
    { sibling: CONFIG, path: 'models/config.json', size: 2_560 },
  ],
  leftOut: [
    {
      code: 'other-format',
      reason: 'the same weights in another format: PyTorch',
      siblings: [file('model.bin', 2_000_000_000)],
    },
  ],
  tags: ['v1', 'latest'],
  imageReference: 'ghcr.io/acme/llama:v1',
  tagsFound: [{ tag: 'latest', digest: digest('e'), outlook: 'moves' }],
  refusal: undefined,
};

function layer(at: number, path: string, size: number): readonly (readonly [number, PushEvent])[] {
  return [[at, { type: 'layer-started', path, size }], done(at + 50, path, size)];
}

function done(
  at: number,
  path: string,
  size: number,
  outcome: 'existed' | 'uploaded' = 'uploaded',
): readonly [number, PushEvent] {
  return [at, { type: 'layer-done', path, size, digest: digest('a'), outcome }];
}

function progress(at: number, path: string, sent: number, size: number): readonly [number, PushEvent] {
  return [at, { type: 'layer-progress', path, sent, size }];
}

type EventOf<Type extends PushEvent['type']> = Extract<PushEvent, { readonly type: Type }>;

function found(
  at: number,
  tag: string,
  outlook: EventOf<'tag-found'>['outlook'],
): readonly [number, PushEvent] {
  const reference = `ghcr.io/acme/llama:${tag}`;
  return [
    at,
    { type: 'tag-found', tag, reference, digest: digest(outlook === 'moves' ? 'e' : 'f'), outlook },
  ];
}

function tagged(
  at: number,
  tag: string,
  outcome: EventOf<'tag-pushed'>['outcome'],
): readonly [number, PushEvent] {
  const previous = outcome === 'moved' ? { previous: digest('e') } : {};
  const reference = `ghcr.io/acme/llama:${tag}`;
  return [at, { type: 'tag-pushed', tag, reference, digest: digest('f'), outcome, ...previous }];
}

function digest(character: string): `sha256:${string}` {
  return `sha256:${character.repeat(64)}`;
}

function file(path: string, size: number): Sibling {
  return { path, size, oid: { algorithm: 'git-sha1', hex: 'a'.repeat(40) } };
}
