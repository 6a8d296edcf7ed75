import { describe, expect, test } from 'vitest';
import { answer } from '../../test/support/answer.ts';
import { EXIT_CODES } from '../cli/exit-code.ts';
import type { Account } from '../core/registry-credentials.ts';
import type { HttpResponse } from '../http/transport.ts';
import { type Meaning, meaningOf } from './answer-meaning.ts';
import { readProblem, refusalOf } from './registry-error.ts';

const said = (status: number, code: string, message: string, detail?: unknown): HttpResponse =>
  answer(
    status,
    {},
    JSON.stringify({ errors: [{ code, message, ...(detail !== undefined && { detail }) }] }),
  );

const page = (status: number, title: string): HttpResponse =>
  answer(status, { 'content-type': 'text/html' }, `<html><title>${title}</title><h1>${title}</h1></html>`);

const DISTRIBUTION = { 'docker-distribution-api-version': 'registry/2.0' };
const ADA: Account = { kind: 'found', name: 'user "ada" (from OCI_USERNAME)', secret: 'password' };
const NOBODY: Account = { kind: 'none', lookedIn: ['~/.docker/config.json (no entry for r.test)'] };

/** Exact answers, with where they were seen. */
const ANSWERS: readonly [who: string, source: string, response: HttpResponse, Meaning][] = [
  [
    'Harbor, a project that is full',
    'goharbor/harbor#17390',
    said(
      403,
      'DENIED',
      'adding 2.0 GiB of storage resource, which when updated to current usage of 9.1 GiB will exceed the configured upper limit of 10.0 GiB.',
    ),
    'quota',
  ],
  [
    'Harbor 1.9, a number of images',
    'goharbor/harbor#8802',
    said(
      403,
      'DENIED',
      'Quota exceeded when processing the request of adding 1 of count resource, which when updated to current usage of 2 will exceed the configured upper limit of 2',
    ),
    'quota',
  ],
  [
    'Quay, a namespace that is full',
    'quay/quay endpoints/v2/errors.py',
    said(403, 'DENIED', 'Quota has been exceeded on namespace', {}),
    'quota',
  ],
  [
    'IBM, that calls it unauthorized',
    'IBM-Cloud/ibm-cloud-cli-release#105',
    said(401, 'UNAUTHORIZED', 'You have exceeded your storage quota. Delete one or more images.'),
    'quota',
  ],
  [
    'DigitalOcean, one repository in the free plan',
    'docker/build-push-action#586',
    said(403, 'DENIED', 'registry contains 1 repositories, limit is 1'),
    'quota',
  ],
  [
    'Gitea, as text',
    'go-gitea/gitea services/packages/packages.go',
    answer(403, {}, 'maximum allowed package storage quota exceeded'),
    'quota',
  ],
  [
    'Quay before 3.7, a quota as 413',
    'quay/quay#1048',
    said(413, 'DENIED', 'Quota has been exceeded on namespace'),
    'quota',
  ],
  [
    'distribution with a full disk, in a PATCH',
    'measured: 2.8.2, 3.1.1',
    said(
      500,
      'UNKNOWN',
      'unknown error',
      'write /docker/registry/v2/repositories/a/b/_uploads/1/data: no space left on device',
    ),
    'storage-full',
  ],
  [
    'distribution 2.8 with a full disk, at the beginning',
    'measured: 2.8.2; distribution/distribution#4896',
    said(500, 'UNKNOWN', 'unknown error', {
      DriverName: 'filesystem',
      Enclosed: { Op: 'write', Path: '/docker/registry/v2/startedat', Err: 28 },
    }),
    'storage-full',
  ],
  ['a server whose storage is full', 'RFC 4918, section 11.5', answer(507), 'storage-full'],
  [
    'Harbor in read-only mode',
    'goharbor/harbor#10055',
    said(403, 'DENIED', 'The system is in read only mode. Any modification is prohibited.'),
    'read-only',
  ],
  [
    'Quay in read-only mode',
    'quay/quay endpoints/v2/errors.py',
    said(
      405,
      'DENIED',
      'System is currently read-only. Pulls will succeed but all write operations are currently suspended.',
    ),
    'read-only',
  ],
  [
    'Quay, pushes disabled',
    'quay/quay#2755',
    said(
      405,
      'METHOD NOT ALLOWED',
      'Pushes to the registry are currently disabled. Please contact the administrator for more information.',
    ),
    'read-only',
  ],
  [
    'GitLab, a repository that is moved',
    'gitlab-org/gitlab auth/container_registry_authentication_service.rb',
    said(403, 'DENIED', 'Your repository is currently being migrated to a new platform'),
    'read-only',
  ],
  [
    'distribution in maintenance',
    'measured: 2.8.2, 3.1.1 with maintenance.readonly',
    answer(405, { ...DISTRIBUTION, allow: 'GET, HEAD' }, 'Method not allowed\n'),
    'read-only',
  ],
  [
    'distribution as a pull-through cache',
    'measured: 2.8.2, 3.1.1 with proxy',
    said(405, 'UNSUPPORTED', 'The operation is unsupported.'),
    'pull-only',
  ],
  [
    'Harbor, a proxy cache',
    'goharbor/harbor src/server/middleware/repoproxy/proxy.go',
    said(405, 'DENIED', 'can not push artifact to a proxy project: dockerhub'),
    'pull-only',
  ],
  [
    'ECR, a tag that exists',
    'moby/buildkit#3776',
    said(
      400,
      'TAG_INVALID',
      "The image tag 'v1' already exists in the 'x' repository and cannot be overwritten because the repository is immutable.",
    ),
    'immutable',
  ],
  [
    'Harbor, a tag that exists',
    'goharbor/harbor src/server/middleware/immutable',
    said(412, 'PRECONDITION', "Failed to process request due to 'x:v1' configured as immutable."),
    'immutable',
  ],
  [
    'Nexus, a tag that exists',
    'GoogleContainerTools/jib#2395',
    said(400, 'BLOB_UPLOAD_INVALID', 'Repository does not allow updating assets: docker-hosted'),
    'immutable',
  ],
  [
    'ECR, too many layers',
    'openai/tart#890',
    said(
      405,
      'UNSUPPORTED',
      "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Limit on number of layers per image exceeded'",
    ),
    'too-many-layers',
  ],
  [
    'Quay, a layer that is too large',
    'quay/quay endpoints/v2/errors.py',
    said(
      413,
      'LAYER_TOO_LARGE',
      'Uploaded blob of 21.00 GiB is larger than 20.00 GiB allowed by this registry',
    ),
    'layer-too-large',
  ],
  ['nginx, a body that is too large', 'measured', page(413, '413 Request Entity Too Large'), 'too-large'],
  [
    'Harbor, an image with vulnerabilities',
    'goharbor/harbor#19408',
    said(
      412,
      'PROJECTPOLICYVIOLATION',
      'current image with 3 vulnerabilities cannot be pulled due to configured policy',
    ),
    'policy',
  ],
  [
    'ACR, a locked image',
    'Azure/acr#84',
    said(403, 'DENIED', 'The operation is disallowed on this registry, repository or image.'),
    'policy',
  ],
  [
    'ACR, an address that is not allowed',
    'docker/build-push-action#1214',
    said(
      403,
      'DENIED',
      "client with IP '172.214.169.102' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
    ),
    'address-refused',
  ],
  [
    'GitHub, a package of another repository',
    'tuna-os/tunaOS#642',
    said(403, 'DENIED', 'permission_denied: write_package'),
    'package-access',
  ],
  [
    'GitHub, a workflow without the permission',
    'pinchbench/skill#17',
    said(403, 'DENIED', 'installation not allowed to Create organization package'),
    'package-access',
  ],
  [
    'ECR, a login of yesterday',
    'aws/aws-cli#2351',
    said(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.'),
    'expired',
  ],
  [
    'ECR, a missing permission, which names a policy',
    'aws/aws-toolkit-azure-devops#122',
    said(
      403,
      'DENIED',
      'User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:InitiateLayerUpload on resource: r because no identity-based policy allows it',
    ),
    'no-right',
  ],
  [
    'Artifact Registry, a missing permission',
    'GoogleCloudPlatform/cymbal-superstore#4',
    said(
      403,
      'DENIED',
      'Permission "artifactregistry.repositories.uploadArtifacts" denied on resource "projects/p/locations/l/repositories/r" (or it may not exist)',
    ),
    'no-right',
  ],
  [
    'GitLab, a protected repository',
    'gitlab-org/gitlab auth/container_registry_authentication_service.rb',
    said(403, 'DENIED', 'Pushing to protected repository path forbidden'),
    'no-right',
  ],
  [
    'Docker Hub, another account',
    'docker/hub-feedback#1611',
    said(401, 'DENIED', 'requested access to the resource is denied'),
    'no-right',
  ],
  [
    'distribution, a token without the right to push',
    'measured: 2.8.2',
    answer(
      401,
      { 'www-authenticate': 'Bearer realm="https://t.test",error="insufficient_scope"' },
      '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
    ),
    'no-right',
  ],
  [
    'a password that is wrong',
    'measured: 2.8.2',
    said(401, 'UNAUTHORIZED', 'authentication required'),
    'wrong-credentials',
  ],
  [
    'ECR, no such repository',
    'regclient/regclient#869',
    said(404, 'NAME_UNKNOWN', "The repository with name 'x' does not exist in the registry with id '1'"),
    'unknown-repository',
  ],
  [
    'Harbor, no such project',
    'goharbor/harbor#17097',
    said(401, 'UNAUTHORIZED', 'project acme not found: project acme not found'),
    'unknown-repository',
  ],
  [
    'a name that is not allowed',
    'OCI distribution-spec',
    said(400, 'NAME_INVALID', 'invalid repository name'),
    'name-invalid',
  ],
  [
    'ECR, too many requests',
    'awsdocs/amazon-ecr-user-guide#11',
    said(400, 'TOOMANYREQUESTS', 'Rate exceeded'),
    'rate-limit',
  ],
  [
    'Docker Hub, too many requests',
    'docker/hub-feedback#1907',
    answer(429, {}, 'Too Many Requests (HAP429).\n'),
    'rate-limit',
  ],
  [
    'Google, a quota per minute is a rate',
    'cloud.google.com/artifact-registry/quotas',
    said(
      403,
      'DENIED',
      "Quota exceeded for quota metric 'Requests per project per region' and limit 'per minute'",
    ),
    'rate-limit',
  ],
  [
    'GitLab, too many failed logins',
    'docs.gitlab.com/administration/packages/container_registry',
    said(403, 'DENIED', 'Access denied: too many failed authentication attempts from this network'),
    'rate-limit',
  ],
  ['a firewall', 'a page of nginx', page(403, '403 Forbidden'), 'not-let-through'],
  [
    'a proxy that knows no such method',
    'distribution/distribution#2386',
    page(405, '405 Not Allowed'),
    'not-let-through',
  ],
  ['a proxy that wants a length', 'RFC 9110, section 15.5.12', answer(411), 'not-let-through'],
  [
    'nginx that wants TLS',
    'concourse/registry-image-resource#304',
    page(400, '400 The plain HTTP request was sent to HTTPS port'),
    'needs-tls',
  ],
  [
    'Go that wants TLS',
    'golang/go net/http/server.go',
    answer(400, {}, 'Client sent an HTTP request to an HTTPS server.\n'),
    'needs-tls',
  ],
  [
    'nginx that wants a client certificate',
    'measured: nginx 1.22',
    page(400, '400 No required SSL certificate was sent'),
    'needs-client-certificate',
  ],
  [
    'Cloudflare, to a client that is no browser',
    'docker/hub-feedback#2502',
    answer(403, {}, 'error code: 1010'),
    'not-let-through',
  ],
  [
    'Envoy, by its RBAC filter',
    'envoyproxy/envoy extensions/filters/http/rbac',
    answer(403, {}, 'RBAC: access denied'),
    'not-let-through',
  ],
  [
    'GitHub, an address that is not on the list of the organization',
    'docker/metadata-action#342',
    said(
      403,
      'DENIED',
      'the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.',
    ),
    'address-refused',
  ],
  [
    'distribution, whose own account may not write to S3',
    'AWS S3, AccessDenied',
    said(
      500,
      'UNKNOWN',
      'unknown error',
      's3aws: AccessDenied: User: arn:aws:iam::1:user/registry is not authorized to perform: s3:PutObject because no identity-based policy allows it',
    ),
    'unavailable',
  ],
  [
    'distribution, whose own token at S3 is too old',
    'AWS S3, ExpiredToken',
    said(500, 'UNKNOWN', 'unknown error', 's3aws: ExpiredToken: The provided token has expired.'),
    'unavailable',
  ],
  [
    'distribution, whose bucket at Ceph is full',
    'Ceph Object Gateway, QuotaExceeded',
    said(500, 'UNKNOWN', 'unknown error', 's3aws: QuotaExceeded: status code: 403'),
    'quota',
  ],
  [
    'a manifest of blobs that have gone',
    'OCI distribution-spec',
    said(404, 'MANIFEST_BLOB_UNKNOWN', 'blob unknown to registry'),
    'blobs-missing',
  ],
  [
    'a manifest that is not valid',
    'OCI distribution-spec',
    said(400, 'MANIFEST_INVALID', 'manifest invalid'),
    'rejected',
  ],
  ['a gateway that waits in vain', 'RFC 9110', answer(504), 'unavailable'],
  ['a page for people', 'a web server', answer(302), 'no-registry'],
];

describe('what an answer means', () => {
  test.each(ANSWERS)('%s (%s)', async (_, source, response, meaning) => {
    expect(source).not.toBe('');
    expect(meaningOf(await readProblem({ ...response, account: ADA }))).toBe(meaning);
  });

  test('every meaning is reached by an answer, or by who was refused', () => {
    const reached = new Set<Meaning>(ANSWERS.map(([, , , meaning]) => meaning));
    expect([...reached].length).toBe(24);
    expect(reached.has('no-credentials')).toBe(false);
  });

  test('a repository that is called like a problem is none', async () => {
    const response = said(404, 'NAME_UNKNOWN', 'not known: acme/quota-exceeded is immutable');
    expect(meaningOf(await readProblem(response))).toBe('unknown-repository');
    expect(meaningOf(await readProblem(said(400, 'UNKNOWN', 'bad request for acme/read-only')))).toBe(
      'rejected',
    );
  });
});

describe('a name and a page hold words that mean nothing', () => {
  const NAMES = ['acme/diffusion-policy', 'policy', 'acme/vulnerability', 'quarantine', 'acme/geo-ip'];

  test.each(NAMES)('a login that is refused for %s is a login problem', async (Name) => {
    const meaning = async (response: HttpResponse, account: Account) =>
      meaningOf(await readProblem({ ...response, account }));
    const detail = [{ Type: 'repository', Class: '', Name, Action: 'push' }];
    const response = said(401, 'UNAUTHORIZED', 'authentication required', detail);
    expect(await meaning(response, ADA)).toBe('wrong-credentials');
    expect(await meaning(response, NOBODY)).toBe('no-credentials');
    const words = `unauthorized to access repository: acme/${Name}, action: push`;
    expect(await meaning(said(403, 'FORBIDDEN', words), ADA)).toBe('no-right');
  });

  test.each<[number, Meaning]>([
    [403, 'not-let-through'],
    [502, 'unavailable'],
    [503, 'unavailable'],
  ])('a page with %i is judged by its status, whatever it links to', async (status, meaning) => {
    for (const words of [
      'Privacy policy',
      'Your session has expired',
      'IP address not allowed',
      'rate limit',
    ])
      expect(meaningOf(await readProblem(page(status, words))), words).toBe(meaning);
  });
});

describe('what a script and a person are told', () => {
  const refusal = async (response: HttpResponse, account?: Account) =>
    refusalOf(await readProblem({ ...response, account }));

  test.each<[what: string, HttpResponse, exitCode: number]>([
    ['a quota', ANSWERS[0]?.[2] as HttpResponse, 6],
    ['full storage', answer(507), 6],
    ['read-only mode', said(403, 'DENIED', 'The system is in read only mode.'), 75],
    ['an immutable tag', said(412, 'PRECONDITION', 'configured as immutable'), 6],
    ['a package of another repository', said(403, 'DENIED', 'permission_denied: write_package'), 3],
    ['a rate limit', answer(429), 75],
  ])('%s ends with its own exit code, and nobody is asked to log in', async (_, response, exitCode) => {
    const { code, hint } = await refusal(response, ADA);
    expect(EXIT_CODES[code]).toBe(exitCode);
    expect(hint).toMatch(/^[A-Z].*\.$/);
    expect(hint).not.toMatch(/log in|password/i);
  });

  test.each<[what: string, HttpResponse, said: string]>([
    [
      'distribution in maintenance',
      answer(405, DISTRIBUTION, 'Method not allowed\n'),
      'the registry is in read-only mode: 405 Method not allowed',
    ],
    [
      'a pull-through cache',
      said(405, 'UNSUPPORTED', 'The operation is unsupported.'),
      'the repository is a proxy of another registry: 405 UNSUPPORTED: The operation is unsupported.',
    ],
    ['storage that is full', answer(507), 'the storage of the registry is full: 507'],
    [
      'Harbor, whose words say it',
      said(403, 'DENIED', 'The system is in read only mode.'),
      '403 DENIED: The system is in read only mode.',
    ],
  ])('the message says what the answer means, unless its words do: %s', async (_, response, message) => {
    expect((await refusal(response)).said).toBe(message);
  });

  test('a wrong password names the account, and where it came from', async () => {
    expect(await refusal(said(401, 'UNAUTHORIZED', 'no'), ADA)).toEqual({
      code: 'UNAUTHORIZED',
      as: 'as user "ada" (from OCI_USERNAME)',
      said: '401 UNAUTHORIZED: no',
      hint: 'Check the password, or log in again.',
    });
  });

  test('a token that is refused is called one', async () => {
    const account = {
      kind: 'found',
      name: 'the identity token from a file',
      secret: 'identity token',
    } as const;
    expect(await refusal(answer(401), account)).toMatchObject({
      as: 'with the identity token from a file',
      hint: expect.stringContaining('identity token'),
    });
  });

  test('an account that may not push is not asked for its password', async () => {
    const { as, hint } = await refusal(answer(403), ADA);
    expect([as, hint]).toEqual([
      'as user "ada" (from OCI_USERNAME)',
      'Give the account the right to push to this repository, or use another account.',
    ]);
  });

  test.each([401, 403])('without an account a %i says where we looked', async (status) => {
    expect(await refusal(said(status, 'DENIED', 'no'), NOBODY)).toMatchObject({
      code: 'UNAUTHORIZED',
      as: 'without an account',
      hint: 'Log in with docker, podman or skopeo, or set OCI_USERNAME and OCI_PASSWORD; no account found in ~/.docker/config.json (no entry for r.test).',
    });
  });

  test('a 401 that does not say how to log in asks for no login: an account may be there', async () => {
    const { code, as, hint } = await refusal(answer(401, {}, 'Jwt is missing'));
    expect([code, as]).toEqual(['UNAUTHORIZED', undefined]);
    expect(hint).toMatch(/proxy in front of the registry: the answer does not say how to log in/);
  });

  test('a quota does not name the account: it is not about who we are', async () => {
    expect((await refusal(ANSWERS[0]?.[2] as HttpResponse, ADA)).as).toBeUndefined();
  });
});

test('words without end are searched in no time', async () => {
  for (const piece of [
    'project ',
    'exceed ',
    'quota ',
    'pushes ',
    'layer ',
    'permission ',
    'client with IP ',
  ]) {
    const problem = await readProblem(answer(400, {}, piece.repeat(65_536 / piece.length)));
    const started = process.cpuUsage().user;
    meaningOf(problem);
    expect(process.cpuUsage().user - started).toBeLessThan(500_000);
  }
});
