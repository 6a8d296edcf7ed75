import { oneQuantisation } from './one-quantisation.ts';
import { usage } from './read-flags.ts';

const SEGMENT = /^[A-Za-z0-9_][\w.-]*$/;
const HUBS = /^(www\.)?(huggingface\.co|hf\.co)$/i;
/** Quantisations that llama.cpp and ollama accept after a colon. */
const QUANTISATION = /^(UD-)?(I?Q\d\w*|B?F16|F32|FP16|MXFP4\w*)$/i;
/** Path components after the name of a model in the URLs of the Hub. */
const PAGE = /^(tree|blob|resolve|raw|commits?)$/;
/** Text that a hint may repeat: it needs no quotes and has no secret in a query. */
const PLAIN = /^[\w./+-]+$/;

/** What to type for a model that is written as on the Hub's pages, in git or in another tool. */
interface Understood {
  /** `org/model[@revision]`. */
  readonly model: string;
  /** A pattern, if the text names files. */
  readonly pattern?: string | undefined;
  /** The Hub, if it is not huggingface.co. */
  readonly endpoint?: string | undefined;
}

/**
 * Refuses a model in the style of another tool, and says what to type.
 * @throws ModelcarError `USAGE`
 */
export function refuseForeignModel(text: string): void {
  if (isLocalPath(text)) throw refusedPath(text);
  if (/^(?:hf:\/\/|(?:https?:\/\/)?[\w.-]+\.\w+\/)?spaces\/[^/]+\/./i.test(text))
    throw usage('a Space of the Hub is not a model', 'Give a model, or a dataset as datasets/org/name.');
  const understood = readForeignModel(text);
  if (understood === undefined) return;
  const { model, pattern, endpoint } = understood;
  const flags = [
    ...(pattern === undefined ? [] : [`--allow-patterns '${pattern}'`]),
    ...(endpoint === undefined ? [] : [`--hf-endpoint ${endpoint}`]),
  ];
  throw usage(mistakeOf(text), `Write it as ${[model, ...flags].join(' ')}`);
}

/** The model that a user gave as the target, as we write it; undefined if it is not a model. */
export function meantModel(text: string): string | undefined {
  const [name = '', revision] = text.split('@', 2);
  const [org = '', bare = '', ...more] = name.replace(/^datasets\//, '').split('/');
  const plain = SEGMENT.test(org) && !org.includes('.') && SEGMENT.test(bare) && more.length === 0;
  if (plain && PLAIN.test(revision ?? 'main')) return text;
  const address = /^(https?:\/\/)?(www\.)?(huggingface\.co|hf\.co)\/|^hf:\/\//i.test(text);
  return address ? readForeignModel(text)?.model : undefined;
}

/** Undefined for text that is not a model in another style. */
function readForeignModel(text: string): Understood | undefined {
  const [, git] = /^git@[\w.-]+:(.+)$/.exec(text) ?? [];
  const [, hub] = /^hf:\/\/(?:models\/)?(.+)$/i.exec(text) ?? [];
  const path = git ?? hub;
  if (path !== undefined) return readPath(path);
  const [, scheme, host = '', rest = ''] = /^(https?:\/\/)?([\w.-]+(?::\d+)?)\/([^?#]+)/i.exec(text) ?? [];
  if (HUBS.test(host)) return readPath(rest);
  if (scheme !== undefined) {
    const model = readPath(rest);
    return model && { ...model, endpoint: `${scheme}${host}` };
  }
  const understood = readPath(text);
  return understood?.model === text ? undefined : understood;
}

/** `[datasets/]org/model` with what may follow: @revision, :tag, .git, a slash, or a page of the Hub. */
function readPath(text: string): Understood | undefined {
  const [path = '', revision] = text.replace(/^\/+|\/+$/g, '').split('@', 2);
  const [, prefix = '', rest = ''] = /^(datasets\/|(?:api\/)?models\/(?=[^/]+\/))?(.*)$/s.exec(path) ?? [];
  const [org = '', second, page = '', ...more] = rest.split('/');
  const [bare, tag] = (second ?? org).split(':', 2);
  const names = [...(second === undefined ? [] : [org]), (bare ?? '').replace(/\.git$/, '')];
  if (!names.every((name) => SEGMENT.test(name))) return undefined;
  const model = (prefix === 'datasets/' ? prefix : '') + names.join('/');
  if (tag !== undefined) return page === '' ? withTag(model, tag) : undefined;
  if (PAGE.test(page)) {
    const [at, ...file] = more.map(decoded);
    const folder = file.length > 0 && page === 'tree' ? '/' : '';
    return understoodAs(model, at, file.join('/') + folder);
  }
  const file = [page, ...more].join('/');
  return understoodAs(model, revision, /\.[a-z]\w*$|^$/i.test(file) ? file : `${file}/`);
}

function understoodAs(model: string, revision: string | undefined, file: string): Understood | undefined {
  if (revision !== undefined && !PLAIN.test(revision)) return undefined;
  return {
    model: revision === undefined ? model : `${model}@${revision}`,
    pattern: PLAIN.test(file) ? file : undefined,
  };
}

function withTag(model: string, tag: string): Understood | undefined {
  if (QUANTISATION.test(tag)) return { model, pattern: oneQuantisation(tag) };
  return tag === 'latest' ? { model } : understoodAs(model, tag, '');
}

/** A URL escapes the slashes in the name of a branch: refs%2Fpr%2F1. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function mistakeOf(text: string): string {
  if (/^(https?:\/\/|hf:\/\/|git@)/i.test(text) || HUBS.test(text.split('/')[0] ?? ''))
    return 'the model is given by its address';
  if (text.includes(':')) return 'the name of a model has no colon: a revision is written with @';
  return 'the model is not given by its name alone';
}

function isLocalPath(text: string): boolean {
  return /^(\.{1,2}|~)$|^(\.{0,2}|~[\w.-]*)[/\\]|^file:|^[a-z]:[/\\]|^\\\\/i.test(text);
}

function refusedPath(text: string): Error {
  const [, cached, commit] =
    /models--([\w.-]+--[\w.-]+)(?:[/\\]snapshots[/\\]([0-9a-f]{40}))?/.exec(text) ?? [];
  if (cached !== undefined) {
    const model = cached.replace('--', '/') + (commit === undefined ? '' : `@${commit}`);
    return usage('the model is given by its folder in the cache', `Write it as ${model} --source cache`);
  }
  return usage(
    'a folder of this machine cannot be pushed',
    'Give a model of the Hub as org/model; --source cache pushes what hf download has put into its cache.',
  );
}
