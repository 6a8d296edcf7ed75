import { bytes, type FileMap, json, text } from './content.ts';
import type { RepoSpec } from './repo-graph.ts';
import { encodeSafetensors, type Tensor } from './safetensors.ts';

/**
 * A sentence-embedding model of about half a megabyte in the real formats, with the odd corners real repositories
 * have: nested files of the same name, names to be escaped, a name without an extension, an empty file. It is the
 * same to the byte in every run.
 */
export function demoRepo(id = 'acme/tiny-embedder'): RepoSpec {
  return { id, files: demoModelFiles(), cardData: CARD, tags: { 'v1.0': 'main' } };
}

export function demoModelFiles(): FileMap {
  return {
    '.gitattributes': text('*.safetensors filter=lfs diff=lfs merge=lfs -text\n'),
    '1_Pooling/config.json': json(POOLING),
    LICENSE: text(LICENSE),
    'README.md': text(README),
    'config.json': json(CONFIG),
    'generation_config.json': json({ _from_model_config: true, pad_token_id: 0 }),
    'model.safetensors': bytes(encodeSafetensors(bertTensors()), { lfs: true }),
    'modules.json': json(MODULES),
    'notes/größe & maß #1 (final)+%41.md': text(
      '# Größe und Maß\n\nA name that has to be escaped with care.\n',
    ),
    'notes/empty.txt': text(''),
    'sentence_bert_config.json': json({
      max_seq_length: CONFIG.max_position_embeddings,
      do_lower_case: true,
    }),
    'special_tokens_map.json': json(SPECIAL_TOKENS),
    'tokenizer.json': json(tokenizer()),
    'tokenizer_config.json': json(TOKENIZER_CONFIG),
    'vocab.txt': text(`${vocabulary().join('\n')}\n`),
  };
}

const CARD = {
  license: 'apache-2.0',
  library_name: 'sentence-transformers',
  pipeline_tag: 'sentence-similarity',
};

const README = `---
license: ${CARD.license}
library_name: ${CARD.library_name}
pipeline_tag: ${CARD.pipeline_tag}
language:
  - en
  - de
---

# tiny-embedder

A BERT with two layers and made-up weights. It embeds sentences into 64 dimensions, none of them meaningful.
`;

const LICENSE = `                                 Apache License
                           Version 2.0, January 2004
                        http://www.apache.org/licenses/

   The weights beside this file were made by a counter. Use them as you like.
`;

const CONFIG = {
  architectures: ['BertModel'],
  attention_probs_dropout_prob: 0.1,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  hidden_size: 64,
  initializer_range: 0.02,
  intermediate_size: 128,
  layer_norm_eps: 1e-12,
  max_position_embeddings: 128,
  model_type: 'bert',
  num_attention_heads: 4,
  num_hidden_layers: 2,
  pad_token_id: 0,
  torch_dtype: 'float32',
  type_vocab_size: 2,
  vocab_size: 512,
};

const POOLING = {
  word_embedding_dimension: CONFIG.hidden_size,
  pooling_mode_cls_token: false,
  pooling_mode_mean_tokens: true,
  pooling_mode_max_tokens: false,
};

const MODULES = [
  { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
  { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
];

const SPECIAL_TOKENS = {
  cls_token: '[CLS]',
  mask_token: '[MASK]',
  pad_token: '[PAD]',
  sep_token: '[SEP]',
  unk_token: '[UNK]',
};

const TOKENIZER_CONFIG = {
  ...SPECIAL_TOKENS,
  clean_up_tokenization_spaces: true,
  do_lower_case: true,
  model_max_length: CONFIG.max_position_embeddings,
  tokenizer_class: 'BertTokenizer',
};

function vocabulary(): string[] {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const characters = [...'abcdefghijklmnopqrstuvwxyzäöüß0123456789.,!?\'"()-'];
  const known = [...special, ...characters, ...characters.map((character) => `##${character}`)];
  const unused = Array.from({ length: CONFIG.vocab_size - known.length }, (_, index) => `[unused${index}]`);
  return [...known, ...unused];
}

function tokenizer(): unknown {
  const words = vocabulary();
  const special = Object.values(SPECIAL_TOKENS).map((content) => ({
    id: words.indexOf(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.sort((a, b) => a.id - b.id),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(words.map((word, index) => [word, index])),
    },
  };
}

/** Names and shapes as `BertModel` of transformers has them. */
function bertTensors(): Tensor[] {
  const { hidden_size: hidden, vocab_size, max_position_embeddings, type_vocab_size } = CONFIG;
  const layers = Array.from({ length: CONFIG.num_hidden_layers }, (_, index) => layerShapes(index));
  const shapes: Shapes = [
    ['embeddings.word_embeddings.weight', [vocab_size, hidden]],
    ['embeddings.position_embeddings.weight', [max_position_embeddings, hidden]],
    ['embeddings.token_type_embeddings.weight', [type_vocab_size, hidden]],
    ...norm('embeddings.LayerNorm'),
    ...layers.flat(),
    ...linear('pooler.dense', hidden, hidden),
  ];
  return shapes.map(([name, shape], index) => ({ name, shape, values: weights(index + 1, shape) }));
}

type Shapes = [name: string, shape: number[]][];

function layerShapes(index: number): Shapes {
  const { hidden_size: hidden, intermediate_size: inner } = CONFIG;
  const layer = `encoder.layer.${index}`;
  return [
    ...linear(`${layer}.attention.self.query`, hidden, hidden),
    ...linear(`${layer}.attention.self.key`, hidden, hidden),
    ...linear(`${layer}.attention.self.value`, hidden, hidden),
    ...linear(`${layer}.attention.output.dense`, hidden, hidden),
    ...norm(`${layer}.attention.output.LayerNorm`),
    ...linear(`${layer}.intermediate.dense`, inner, hidden),
    ...linear(`${layer}.output.dense`, hidden, inner),
    ...norm(`${layer}.output.LayerNorm`),
  ];
}

function linear(name: string, outputs: number, inputs: number): Shapes {
  return [
    [`${name}.weight`, [outputs, inputs]],
    [`${name}.bias`, [outputs]],
  ];
}

function norm(name: string): Shapes {
  return [
    [`${name}.weight`, [CONFIG.hidden_size]],
    [`${name}.bias`, [CONFIG.hidden_size]],
  ];
}

/** Small numbers around zero from a linear congruential generator. */
function weights(seed: number, shape: readonly number[]): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  let state = seed * 0x9e3779b1;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[i] = (state / 2 ** 32 - 0.5) * 0.04;
  }
  return values;
}
