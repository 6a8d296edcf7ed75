import { BAD_CREDENTIALS, type Caller, LOGIN_NEEDED, refuse } from './auth.ts';
import { type FileIdentity, identify, sha256Hex } from './content.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { Commit, Repo } from './repo-graph.ts';
import type { HubState } from './state.ts';

/** Model (dataset, space) info: the default payload, `blobs=true`, or exactly what `expand` asks for. */
export async function infoReply(repo: Repo, commit: Commit, query: URLSearchParams): Promise<Reply> {
  const expand = [...query.getAll('expand'), ...query.getAll('expand[]')];
  const unknown = expand.find((name) => !EXPANDABLE.has(name));
  if (unknown !== undefined) {
    return jsonReply(400, { error: `"expand" must be one of [${[...EXPANDABLE].join(', ')}]` });
  }
  const full = await infoPayload(repo, commit, query.get('blobs') === 'true');
  if (expand.length === 0) return jsonReply(200, full);
  const chosen = Object.entries(full).filter(([name]) => ['_id', 'id', ...expand].includes(name));
  return jsonReply(200, Object.fromEntries(chosen));
}

const EXPANDABLE = new Set(
  (
    'author baseModels cardData config createdAt disabled downloads downloadsAllTime evalResults gated inference ' +
    'inferenceProviderMapping lastModified library_name likes mask_token model-index pipeline_tag private ' +
    'safetensors sha siblings spaces tags transformersInfo trendingScore widgetData gguf resourceGroup ' +
    'xetEnabled childrenModelCount usedStorage'
  ).split(' '),
);

async function infoPayload(repo: Repo, commit: Commit, blobs: boolean): Promise<Record<string, unknown>> {
  const siblings = [];
  for (const [rfilename, file] of commit.files) {
    siblings.push(blobs ? { rfilename, ...sibling(await identify(file)) } : { rfilename });
  }
  const usedStorage = [...commit.files.values()].reduce((sum, file) => sum + file.source.size, 0);
  return {
    _id: repo.objectId,
    id: repo.id,
    ...(repo.type === 'model' ? { modelId: repo.id } : {}),
    author: repo.id.includes('/') ? repo.id.split('/')[0] : undefined,
    sha: commit.sha,
    lastModified: commit.date,
    createdAt: '2026-01-15T09:30:00.000Z',
    private: repo.private,
    disabled: repo.disabled,
    gated: repo.gated,
    downloads: 0,
    likes: 0,
    tags: cardTags(repo),
    pipeline_tag: repo.cardData.pipeline_tag,
    library_name: repo.cardData.library_name,
    cardData: repo.cardData,
    siblings,
    spaces: [],
    usedStorage,
  };
}

/** Here the digest is called `lfs.sha256`; in the tree it is `lfs.oid`. */
function sibling(identity: FileIdentity): Record<string, unknown> {
  const { blobId, size } = identity;
  if (identity.storage === 'git') return { blobId, size };
  return { blobId, size, lfs: { sha256: identity.sha256, size, pointerSize: identity.pointer.length } };
}

function cardTags(repo: Repo): string[] {
  const { license, library_name: library } = repo.cardData;
  return [library, license && `license:${license}`, 'region:us'].filter((tag) => typeof tag === 'string');
}

export function refsReply(repo: Repo, query: URLSearchParams): Reply {
  const named = (prefix: string, refs: ReadonlyMap<string | number, string>): unknown[] =>
    [...refs].map(([name, sha]) => ({ name: `${name}`, ref: `${prefix}${name}`, targetCommit: sha }));
  const withPullRequests = ['1', 'true'].includes(query.get('include_prs') ?? '');
  return jsonReply(200, {
    branches: named('refs/heads/', repo.branches),
    tags: named('refs/tags/', repo.tags),
    converts: [],
    ...(withPullRequests ? { pullRequests: named('refs/pr/', repo.pullRequests) } : {}),
  });
}

/** The CAS behind `casUrl` does not exist: it answers 404 to all. */
export function xetTokenReply(state: HubState): Reply {
  const exp = Math.floor(state.nowMs() / 1000) + 3600;
  const accessToken = `xet_${sha256Hex(`${exp}`).slice(0, 32)}`;
  const casUrl = `${state.endpoint}/cas`;
  return jsonReply(
    200,
    { accessToken, exp, casUrl },
    {
      'X-Xet-Access-Token': accessToken,
      'X-Xet-Token-Expiration': `${exp}`,
      'X-Xet-Cas-Url': casUrl,
    },
  );
}

export function whoamiReply(caller: Caller): Reply {
  switch (caller.kind) {
    case 'anonymous':
      return refuse(LOGIN_NEEDED, 'json');
    case 'stranger':
      return refuse(BAD_CREDENTIALS, 'json');
    case 'user':
      return jsonReply(200, {
        type: 'user',
        id: sha256Hex(caller.spec.user).slice(0, 24),
        name: caller.spec.user,
        fullname: caller.spec.user,
        isPro: false,
        orgs: [],
        auth: { type: 'access_token', accessToken: { displayName: 'test', role: 'read' } },
      });
  }
}
