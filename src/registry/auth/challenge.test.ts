import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

const hub = {
  scheme: 'bearer',
  parameters: {
    realm: 'https://auth.docker.io/token',
    service: 'registry.docker.io',
    scope: 'repository:a/b:pull,push',
  },
};
const basic = { scheme: 'basic', parameters: { realm: 'Registry, private' } };

test.each<[fact: string, header: string | undefined, challenges: unknown]>([
  [
    'Docker Hub',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    [hub],
  ],
  [
    'white space round the commas and the equals signs',
    'Bearer  realm = "https://auth.docker.io/token" , service="registry.docker.io",\tscope="repository:a/b:pull,push"',
    [hub],
  ],
  [
    'names in any case',
    'BEARER Realm="https://auth.docker.io/token",SERVICE="registry.docker.io",Scope="repository:a/b:pull,push"',
    [hub],
  ],
  ['a comma inside quotes', 'Basic realm="Registry, private"', [basic]],
  [
    'Gitea: two challenges in one header',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push", Basic realm="Registry, private"',
    [hub, basic],
  ],
  [
    'the other way round',
    'Basic realm="Registry, private", Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    [basic, hub],
  ],
  [
    'a scheme without parameters between others',
    'Negotiate, Basic realm="Registry, private"',
    [{ scheme: 'negotiate', parameters: {} }, basic],
  ],
  ['a scheme alone', 'Basic', [{ scheme: 'basic', parameters: {} }]],
  [
    'a value without quotes',
    'Bearer error=invalid_token',
    [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }],
  ],
  [
    'an escaped quote',
    'Basic realm="a \\"b\\" \\\\c"',
    [{ scheme: 'basic', parameters: { realm: 'a "b" \\c' } }],
  ],
  [
    'an empty value',
    'Bearer realm="",scope=""',
    [{ scheme: 'bearer', parameters: { realm: '', scope: '' } }],
  ],
  [
    'Forgejo: any scope',
    'Bearer realm="https://f.test/v2/token",service="container_registry",scope="*"',
    [
      {
        scheme: 'bearer',
        parameters: { realm: 'https://f.test/v2/token', service: 'container_registry', scope: '*' },
      },
    ],
  ],
  ['no header', undefined, []],
  ['nothing', '', []],
  ['nonsense', '"?', []],
  ['a parameter of no scheme', 'realm="x"', []],
  ['a quote that is never closed', 'Basic realm="x', [{ scheme: 'basic', parameters: {} }]],
])('%s', (_, header, challenges) => {
  expect(parseChallenges(header)).toEqual(challenges);
});

test('a long header of nothing is read in no time', () => {
  const started = performance.now();
  parseChallenges(`Bearer realm="${'\\a'.repeat(50_000)}`);
  parseChallenges(`Bearer ${', '.repeat(50_000)}`);
  expect(performance.now() - started).toBeLessThan(1_000);
});
