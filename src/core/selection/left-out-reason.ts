/** Why a push leaves out a file. Stable; docs/selection.md explains each. */
export type LeftOutCode =
  | 'hidden'
  | 'media'
  | 'original'
  | 'training'
  | 'other-format'
  | 'other-precision'
  | 'other-shards'
  | 'consolidated'
  | 'single-file'
  | 'ignored'
  | 'not-allowed';

export interface Reason {
  readonly code: LeftOutCode;
  /** A few words for people. */
  readonly text: string;
}

/** Undefined for a file that is pushed. */
export type ReasonOf = (path: string) => Reason | undefined;

const TEXTS: Readonly<Record<LeftOutCode, string>> = {
  hidden: 'hidden files, such as .gitattributes',
  media: 'pictures, videos and PDFs',
  original: 'original/ or metal/, another copy of the weights',
  training: 'checkpoints and states of the training',
  'other-format': 'the same weights in another format',
  'other-precision': 'the same weights in another precision',
  'other-shards': 'another set of shards, which the index does not name',
  consolidated: 'consolidated weights, another copy of model*.safetensors',
  'single-file': 'the diffusers pipeline in one file',
  ignored: 'matched by the patterns to ignore',
  'not-allowed': 'not matched by the patterns to allow',
};

/** Files with one reason share the object, so that they can be grouped by it. */
export const REASONS = Object.fromEntries(
  Object.entries(TEXTS).map(([code, text]) => [code, { code, text }]),
) as Readonly<Record<LeftOutCode, Reason>>;
