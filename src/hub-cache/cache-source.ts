import { atOnce } from '../core/at-once.ts';
import { readFirst } from '../core/bytes.ts';
import { ModelcarError } from '../core/error.ts';
import { formatModelId, isCommit, type ModelId, type Sibling } from '../core/model.ts';
import type { ModelSource } from '../core/ports.ts';
import { readCachedRef, readCachedTree, repositoryFolder } from './cache-layout.ts';
import { type CacheProblem, cacheError, DOWNLOAD_ALL } from './cache-problem.ts';
import { cachedFile, openCached } from './cached-file.ts';

export interface CacheOptions {
  /** The cache of `huggingface_hub`: `HF_HUB_CACHE`. Nothing is ever written to it. */
  readonly folder: string;
  /** Lists the files of a model if the cache does not. A text names what forbids that, such as `HF_HUB_OFFLINE`. */
  readonly hub: Pick<ModelSource, 'resolve'> | string;
}

/**
 * What `hf download` has left on this machine, as a source of models. A snapshot may be a part of a model only, so what
 * there is to push is never taken from what lies there, but from the listing that the cache keeps, or from the Hub. The
 * hashes are those of the listing: a damaged cache is found out like a damaged download.
 */
export function createCacheSource({ folder, hub }: CacheOptions): ModelSource {
  return {
    // A disk gives the same bytes again.
    origin: { name: 'the cache', hint: DOWNLOAD_ALL, secondRead: 'is the same' },
    async resolve(id, revision, signal) {
      const repository = repositoryFolder(folder, id);
      const commit = isCommit(revision) ? revision : await readCachedRef(repository, revision);
      if (commit === undefined) {
        throw missing(id, `the cache ${folder} does not have ${revision}`, {
          hint: `Download it with ${download(id, revision)}, or leave out --source cache.`,
        });
      }
      const listed = await readCachedTree(repository, commit);
      if (listed !== undefined) return { id, revision, commit, siblings: listed };
      if (typeof hub === 'string') {
        const what = `the cache ${folder} has no list of its files at ${commit}, and ${hub} forbids asking the Hub`;
        throw missing(id, what, {
          hint: `Unset ${hub}, or download it with ${download(id, revision)} of a recent huggingface_hub, which keeps the list.`,
        });
      }
      const { siblings } = await hub.resolve(id, commit, signal);
      return { id, revision, commit, siblings };
    },
    async requireFiles({ id, commit }, siblings, signal) {
      const repository = repositoryFolder(folder, id);
      const found = await atOnce(siblings, OPEN_AT_ONCE, signal, (one) => problemOf(repository, commit, one));
      const [first, ...others] = found.flatMap((problem) => problem ?? []);
      if (first !== undefined) throw cacheError([first, ...others], siblings.length);
    },
    file: ({ id, commit }, sibling) => cachedFile(repositoryFolder(folder, id), commit, sibling),
    firstBytes: ({ id, commit }, sibling, count, signal) =>
      readFirst(cachedFile(repositoryFolder(folder, id), commit, sibling), count, signal),
  };
}

const OPEN_AT_ONCE = 16;

async function problemOf(
  repository: string,
  commit: string,
  sibling: Sibling,
): Promise<CacheProblem | undefined> {
  const found = await openCached(repository, commit, sibling);
  if ('why' in found) return found;
  await found.close();
  return undefined;
}

function missing(id: ModelId, what: string, advice: { readonly hint: string }): ModelcarError {
  return new ModelcarError('NOT_FOUND', `cannot read ${formatModelId(id)}: ${what}`, advice);
}

/** The command that fills the cache with this revision. */
function download({ type, name }: ModelId, revision: string): string {
  const repository = type === 'dataset' ? `${name} --repo-type dataset` : name;
  return `hf download ${repository}${revision === 'main' ? '' : ` --revision ${revision}`}`;
}
