import { nameOf } from '../file-path.ts';

/**
 * What a file that holds no weights is for, by its name. `serving`: what vLLM, TGI, SGLang, transformers, diffusers,
 * sentence-transformers, llama.cpp or KServe read beside the weights, and what people must or want to get with them
 * (licence, card).
 */
export function fileUse(path: string): 'serving' | 'hidden' | 'media' | 'unknown' {
  const lower = path.toLowerCase();
  // Names that mean deletion or another folder are not hidden files: they stay, and `planLayers` refuses them.
  if (/(?:^|\/)\.(?!\.?(?:\/|$)|wh\.)/.test(lower)) return 'hidden';
  const name = nameOf(lower);
  if (SERVING.some((pattern) => pattern.test(name))) return 'serving';
  return MEDIA.test(name) ? 'media' : 'unknown';
}

/** Match the last component only: over a whole path, `[^/]*` on both sides of a word takes quadratic time. */
const SERVING = [
  // Configs, chat templates, label lists.
  /\.(?:json|ya?ml|toml|ini|cfg|jinja2?|csv|tsv)$/,
  // Tokenizers and vocabularies: SentencePiece (Mistral has tokenizer.model.v3), tiktoken, byte pairs.
  /\.(?:txt|model|spm|tiktoken|bpe|vocab|codes|merges|dict)$|\.model\.v\d[^.]*$/,
  // Code of the model, with its kernels.
  /\.(?:py|cu|cuh|cpp|h)$/,
  // The card, the licence and what belongs to it, with or without an extension.
  /\.md$|^readme[^.]*$/,
  /licen[cs]e|notice|copying|copyright|policy|agreement|patents|citation/,
];

const MEDIA =
  /\.(?:png|jpe?g|gif|svg|webp|bmp|ico|tiff?|avif|mp4|webm|mov|avi|mkv|mp3|wav|flac|ogg|m4a|pdf|pptx?|docx?|html?)$/;
