import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeHub, startFakeHub, text } from '../fakes/hub/fake-hub.ts';
import { recipeBlocks, runRecipe } from '../support/recipe.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describePeers, type PeerName, peerPath } from './peers.ts';
import type { CommandOutput } from './run-command.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startOlareg } from './start-olareg.ts';
import type { RunningRegistry } from './start-registry.ts';

const registries: [PeerName, () => Promise<RunningRegistry>][] = [
  ['docker-registry', startDockerRegistry],
  ['distribution-3', startDistribution3],
  ['olareg', startOlareg],
];

describePeers(['cosign', 'skopeo'], 'the recipe to sign with a key pair', () => {
  let hub: FakeHub;
  let elsewhere: Elsewhere;

  beforeAll(async () => {
    elsewhere = await startElsewhere();
    hub = await startFakeHub({
      repos: ['acme/llama', 'acme/other'].map((id) => ({ id, files: { 'config.json': text(`"${id}"`) } })),
    });
  });

  afterAll(async () => {
    await hub?.close();
    elsewhere?.server.close();
  });

  for (const [name, start] of registries) {
    describePeers([name], `at ${name}`, () => {
      let registry: RunningRegistry;

      beforeAll(async () => {
        registry = await start();
      });
      afterAll(() => registry?.stop());

      /** Runs lines with cosign at hand, in a folder where the recipe's key pair and nothing else is. */
      function shell(folder: string, script: string): Promise<CommandOutput> {
        const env = {
          COSIGN_PASSWORD: 'a password for a test',
          HF_ENDPOINT: hub.endpoint,
          HTTPS_PROXY: elsewhere.url,
          HTTP_PROXY: elsewhere.url,
          NO_PROXY: '127.0.0.1',
        };
        const programs = [dirname(peerPath('cosign')), dirname(peerPath('skopeo'))];
        const here = script.replaceAll('registry.example.com', registry.host);
        return runRecipe(here, { folder, env, programs });
      }

      /** The lines of the page: make a key pair, push and sign, verify. */
      async function recipe(): Promise<{ generate: string; sign: string; verify: string }> {
        const [generate = '', sign = '', verify = '', ...more] = await recipeBlocks(
          'sign-with-cosign.md',
          'sh',
        );
        expect(more).toEqual([]);
        return { generate, sign, verify };
      }

      test('signs the digest that was pushed, and it verifies; nobody but the registry is asked', async () => {
        const { generate, sign, verify } = await recipe();
        const before = elsewhere.connections();
        const folder = await tempFolder();
        const { stdout } = await shell(folder, `${generate}${sign}echo "$IMAGEREFDIGEST"\n${verify}`);
        const [reference = '', ...verified] = stdout.trim().split('\n');
        const [digest] = reference.split('@').slice(1);
        expect(JSON.parse(verified.join('\n'))[0].critical.image).toEqual({
          'docker-manifest-digest': digest,
        });
        expect(elsewhere.connections()).toBe(before);
      });

      describe('lets nothing else through', () => {
        test('no other key', async () => {
          const { generate, sign, verify } = await recipe();
          const folder = await tempFolder();
          const otherKeys = `mkdir other\ncd other\n${generate}`;
          await expect(shell(folder, `${generate}${sign}${otherKeys}${verify}`)).rejects.toThrow(
            /invalid signature/,
          );
        });

        test('no other image', async () => {
          const { generate, sign, verify } = await recipe();
          const pushOther = sign.slice(0, sign.indexOf('cosign')).replaceAll('acme/llama', 'acme/other');
          await expect(shell(await tempFolder(), `${generate}${sign}${pushOther}${verify}`)).rejects.toThrow(
            /no signatures found/,
          );
        });

        test('no signature that was moved over from another image', async () => {
          const { generate, sign, verify } = await recipe();
          const pushOther = sign
            .slice(0, sign.indexOf('cosign'))
            .replace('acme/llama', 'acme/other')
            .replace(':v1', ':v2');
          const move = `
            signature_of() { echo "docker://\${1%@*}:sha256-\${1##*:}.sig"; }
            signed=$IMAGEREFDIGEST
            ${pushOther}
            skopeo --insecure-policy copy --quiet --src-tls-verify=false --dest-tls-verify=false \
              "$(signature_of "$signed")" "$(signature_of "$IMAGEREFDIGEST")"
          `;
          await expect(shell(await tempFolder(), `${generate}${sign}${move}${verify}`)).rejects.toThrow(
            /invalid or missing digest in claim/,
          );
        });
      });
    });
  }
});

interface Elsewhere {
  readonly server: Server;
  readonly url: string;
  readonly connections: () => number;
}

/** The proxy to all the rest of the world; it counts who wants out, and lets nobody. */
async function startElsewhere(): Promise<Elsewhere> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined).destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no loopback port is free');
  return { server, url: `http://127.0.0.1:${address.port}`, connections: () => connections };
}
