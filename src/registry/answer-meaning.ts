import type { Account } from '../core/registry-credentials.ts';

/** A refusal, in all forms that tell what it means. */
export interface Answer {
  readonly status: number;
  /** Error codes of the OCI distribution-spec, or a registry's own. */
  readonly codes: readonly string[];
  /** Codes, messages and details together, including what our error message leaves out. */
  readonly words: string;
  /** The `error` of a Bearer challenge (RFC 6750, section 3.1). */
  readonly challengeError?: string | undefined;
  /** `registry`: in the form of a registry, or with its header. `page`: of a proxy or firewall, such as HTML. */
  readonly from: 'registry' | 'page' | 'unknown';
  /** The account that we sent; undefined if the registry has not asked for one. */
  readonly account?: Account | undefined;
}

export type Meaning =
  | 'needs-tls'
  | 'needs-client-certificate'
  | 'rate-limit'
  | 'read-only'
  | 'storage-full'
  | 'quota'
  | 'immutable'
  | 'too-many-layers'
  | 'layer-too-large'
  | 'pull-only'
  | 'address-refused'
  | 'package-access'
  | 'expired'
  | 'no-right'
  | 'policy'
  | 'name-invalid'
  | 'unknown-repository'
  | 'blobs-missing'
  | 'no-credentials'
  | 'wrong-credentials'
  | 'not-let-through'
  | 'too-large'
  | 'unavailable'
  | 'rejected'
  | 'no-registry';

interface Row {
  readonly meaning: Meaning;
  readonly status?: number;
  readonly codes?: readonly string[];
  readonly words?: RegExp;
  /** The words mean this with these statuses only. */
  readonly within?: readonly [least: number, most: number];
  /** The words stand in a page. Other words of a page mean nothing: many link to a "privacy policy". */
  readonly isPage?: true;
}

/** With 500 and above the registry speaks of its own account at its storage, not of ours. */
const REFUSED: Row['within'] = [400, 499];

/**
 * Codes and words that count whatever the status: many registries send 403 DENIED for everything. One match in a row is
 * enough, and the first row that matches wins. `answer-meaning.test.ts` has exact answers with their sources.
 */
const ROWS: readonly Row[] = [
  // Look at these codes first: their words may contain any name.
  { meaning: 'blobs-missing', codes: ['MANIFEST_BLOB_UNKNOWN'] },
  { meaning: 'name-invalid', codes: ['NAME_INVALID'] },
  { meaning: 'unknown-repository', codes: ['NAME_UNKNOWN'] },
  // nginx; Go's net/http; Apache
  {
    meaning: 'needs-tls',
    words: /plain HTTP request .{0,40}HTTPS port|HTTP request to an HTTPS server|plain HTTP to an SSL/i,
    isPage: true,
  },
  // nginx finishes the handshake without a valid client certificate, then refuses with a page
  {
    meaning: 'needs-client-certificate',
    words: /No required SSL certificate was sent|The SSL certificate error/,
    isPage: true,
  },
  // Docker Hub: docker/hub-feedback#1907; ECR: awsdocs/amazon-ecr-user-guide#11; Google: quotas per minute;
  // GitLab counts failed logins: its container registry's authentication documentation
  {
    meaning: 'rate-limit',
    status: 429,
    codes: ['TOOMANYREQUESTS', 'TOO_MANY_REQUESTS'],
    words:
      /rate limit|rate exceeded|too many (requests|failed authentication)|quota metric|requests per (second|minute|hour|day)/i,
  },
  // Harbor: goharbor/harbor#10055, #10835; Quay: quay/quay endpoints/v2/errors.py, quay/quay#2755;
  // GitLab: gitlab-org/gitlab auth/container_registry_authentication_service.rb
  {
    meaning: 'read-only',
    words:
      /read[- ]only mode|currently read[- ]only|pushes .{0,60}disabled|currently being migrated|maintenance mode|under maintenance/i,
  },
  // distribution with a full disk: distribution/distribution#4896; `"Err":28` is its ENOSPC, 122 its EDQUOT;
  // Azure storage below Harbor: goharbor/harbor#18897; MinIO
  {
    meaning: 'storage-full',
    status: 507,
    words:
      /no space left on device|disk quota exceeded|insufficient storage|disk usage is too high|"Err":(28|122)\b|AccountSizeOverQuota|reached its minimum free/i,
  },
  // Harbor: goharbor/harbor#17390, #8802; Quay: quay/quay endpoints/v2/errors.py; IBM sends it with UNAUTHORIZED:
  // IBM-Cloud/ibm-cloud-cli-release#105; DigitalOcean: docker/build-push-action#586; Gitea: services/packages/packages.go
  {
    meaning: 'quota',
    codes: ['QUOTA_EXCEEDED'],
    words:
      /quota(?: .{0,40})?exceed|exceed\w* .{0,60}quota|exceed the configured upper limit|over (the )?quota|quota .{0,20}reached|contains \d+ repositories, limit is|maximum allowed package|storage limit/i,
  },
  // ECR: moby/buildkit#3776; Harbor: src/server/middleware/immutable; Docker Hub: docker/hub-feedback#2466;
  // Nexus: GoogleContainerTools/jib#2395, sonatype/nexus-public#967
  {
    meaning: 'immutable',
    codes: ['TAG_ALREADY_EXISTS'],
    words:
      /\b(is|as) immutable\b|cannot be overwritten|does not allow updating|redeploy is not allowed|cannot be updated/i,
  },
  // ECR, with 405 UNSUPPORTED: openai/tart#890
  { meaning: 'too-many-layers', words: /too many layers|number of layers|layers per image/i },
  // Quay: quay/quay endpoints/v2/errors.py
  {
    meaning: 'layer-too-large',
    codes: ['LAYER_TOO_LARGE', 'BLOB_TOO_LARGE', 'TOOLARGE'],
    words: /\b(layer|blob)\b.{0,60}(too large|larger than|exceeds)/i,
  },
  // Harbor: src/server/middleware/repoproxy/proxy.go; Nexus: groups
  {
    meaning: 'pull-only',
    words: /push .{0,40}proxy project|pull[- ]through|deploying to groups/i,
  },
  // ACR: docker/build-push-action#1214; Quay blocks by region; GitHub: docker/metadata-action#342
  {
    meaning: 'address-refused',
    words:
      /client with IP .{0,80}not allowed|not allowed .{0,40}IP address|(?<![\w-])geo-?ip\b|IP allow list/i,
    within: REFUSED,
  },
  // GitHub: tuna-os/tunaOS#642, pinchbench/skill#17
  { meaning: 'package-access', words: /write_package|installation not allowed to/i, within: REFUSED },
  // ECR, with 403: aws/aws-cli#2351. With 404 it is the upload session that has expired.
  {
    meaning: 'expired',
    words: /(token|credentials?|password|session) .{0,10}expired|expired token|ExpiredToken/i,
    within: [401, 403],
  },
  // ECR names the policy that does not allow it: aws/aws-toolkit-azure-devops#122; Artifact Registry;
  // Harbor, Docker Hub and GitLab: `insufficient_scope`; GitLab: protected repositories
  {
    meaning: 'no-right',
    words: /not authorized to perform|permission .{0,100}denied on resource|protected repository path/i,
    within: REFUSED,
  },
  // Harbor: goharbor/harbor#8958, #19408, #11206; ACR: a locked image, Azure/acr#84; Nexus: a repository closed for good
  {
    meaning: 'policy',
    status: 412,
    codes: ['PROJECTPOLICYVIOLATION', 'PROJECT_POLICY_VIOLATION', 'MANIFEST_UNVERIFIED'],
    words:
      /(?<![\w"'-])(polic(y|ies)|vulnerabilit(y|ies)|quarantined?)(?![\w"'-])|not signed|operation is disallowed|is read[- ]only/i,
    within: REFUSED,
  },
  // ECR: regclient/regclient#869; Harbor, also with 401: goharbor/harbor#17097
  {
    meaning: 'unknown-repository',
    words: /\b(repository|project|namespace)\b.{0,200}(does not exist|not found)/i,
  },
];

/** What codes and words say on their own; undefined where the status has to tell. */
export function saidMeaning(answer: Answer): Meaning | undefined {
  const { status, codes, words, from } = answer;
  const said = from === 'page' ? '' : withoutNames(words);
  return ROWS.find(
    ({ within: [least, most] = ALL, ...row }) =>
      row.status === status ||
      row.codes?.some((code) => codes.includes(code)) ||
      (row.words?.test(row.isPage ? words : said) && status >= least && status <= most),
  )?.meaning;
}

const ALL = [0, Number.POSITIVE_INFINITY] as const;

/** Registries repeat the name of the repository, and a model may be called `acme/diffusion-policy`. */
function withoutNames(words: string): string {
  return words.replace(/[^\s"'<>]+/g, (word) => (word.includes('/') ? '…' : word));
}

/** Whether the answer's own words say what it means; else a person needs a word more. */
export function isWorded(meaning: Meaning, { words }: Answer): boolean {
  return ROWS.some((row) => row.meaning === meaning && row.words?.test(words));
}

/** What an answer means that is no success. Total: every answer has a meaning. */
export function meaningOf(answer: Answer): Meaning {
  const said = saidMeaning(answer);
  if (said === 'no-right' && answer.account?.kind === 'none') return 'no-credentials';
  return said ?? statusMeaning(answer);
}

function statusMeaning(answer: Answer): Meaning {
  const { status, codes, from } = answer;
  if (status === 401 || status === 403 || codes.includes('DENIED')) return refusedAccess(answer);
  // distribution: a pull-through cache says UNSUPPORTED; in maintenance (`readonly`) its router says 405 in plain text.
  if (status === 405 && codes.includes('UNSUPPORTED')) return 'pull-only';
  if (status === 405 && from === 'registry') return 'read-only';
  if (status === 404) return 'unknown-repository';
  if (status === 413) return 'too-large';
  if (status === 408 || status >= 500) return 'unavailable';
  if (status < 400) return 'no-registry';
  return codes.length > 0 ? 'rejected' : 'not-let-through';
}

function refusedAccess({ status, codes, from, account, challengeError }: Answer): Meaning {
  if (status === 403 && from === 'page') return 'not-let-through';
  if (account?.kind === 'none') return 'no-credentials';
  if (status !== 401 || challengeError === 'insufficient_scope' || codes.includes('DENIED'))
    return 'no-right';
  return account === undefined ? 'no-credentials' : 'wrong-credentials';
}
