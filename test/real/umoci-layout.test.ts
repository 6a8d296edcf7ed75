import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { json, startFakeHub } from '../fakes/hub/fake-hub.ts';
import { runCli } from '../support/run-cli.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { describePeers, peerPath } from './peers.ts';
import { unpackLayout } from './read-back.ts';
import { runCommand } from './run-command.ts';

describePeers(['umoci'], 'a layout that umoci made', () => {
  test('a layout of umoci init, whose list of manifests is null, takes a push, and umoci unpacks the image', async () => {
    const hub = await startFakeHub({
      repos: [{ id: 'acme/tiny', files: { 'config.json': json({ model_type: 'tiny' }) } }],
    });
    onTestFinished(() => hub.close());
    const folder = await tempFolder();
    const layout = join(folder, 'layout');
    await runCommand(peerPath('umoci'), ['init', '--layout', layout]);
    expect(await readFile(join(layout, 'index.json'), 'utf8')).toContain('"manifests":null');
    const made = await readFile(join(layout, 'oci-layout'), 'utf8');

    const env = { HF_ENDPOINT: hub.endpoint };
    expect((await runCli(['status', `oci:${layout}`], { env })).code).toBe(0);
    const run = await runCli(['push', 'acme/tiny', `oci:${layout}:v1`], { env });
    expect(run.code, run.stderr).toBe(0);
    expect((await runCli(['validate', `oci:${layout}:v1`], { env })).code).toBe(0);
    expect(await readFile(join(layout, 'oci-layout'), 'utf8')).toBe(made);

    const { stdout } = await runCommand(peerPath('umoci'), ['list', '--layout', layout]);
    expect(stdout.trim()).toBe('v1');
    const root = await unpackLayout(layout, join(folder, 'bundle'), 'v1');
    expect(JSON.parse(await readFile(join(root, 'models', 'config.json'), 'utf8'))).toEqual({
      model_type: 'tiny',
    });
  });
});
