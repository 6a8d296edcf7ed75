import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeLoopbackPort, type ProcessStart, startProcess, waitUntilReady } from './start-process.ts';

export type RunningRegistry = {
  /** As in a reference: `127.0.0.1:41234`. Plain HTTP. */
  readonly host: string;
  readonly storageFolder: string;
  /** Ends the process and starts it again over the same storage, under the same host. */
  readonly restart: () => Promise<void>;
  /** Ends the process as a power cut would; `restart` brings it back. */
  readonly kill: () => Promise<void>;
  /** Ends the process and removes its storage. */
  readonly stop: () => Promise<void>;
};

export type RegistryPlace = { readonly host: string; readonly port: number; readonly folder: string };

export type RegistryProgram = {
  readonly name: string;
  /** What it answers on `/v2/` as soon as it can. */
  readonly readyStatus?: number;
  /** Called again for each start. */
  readonly prepare: (place: RegistryPlace) => Promise<ProcessStart>;
};

const attempts = 3;

/** A registry of its own for one test file: free port, empty storage. */
export async function startRegistry(program: RegistryProgram): Promise<RunningRegistry> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(program);
    } catch (cause) {
      // Between our look at the port and the registry's, another test may have taken it.
      if (attempt === attempts || !String(cause).includes('address already in use')) throw cause;
    }
  }
}

async function startOnce({ name, prepare, readyStatus = 200 }: RegistryProgram): Promise<RunningRegistry> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const port = await freeLoopbackPort();
  const place: RegistryPlace = { host: `127.0.0.1:${port}`, port, folder };
  const start = async () => {
    const running = await startProcess(await prepare(place));
    try {
      await waitUntilReady(running, place.host, '/v2/', readyStatus);
    } catch (cause) {
      await running.stop();
      throw cause;
    }
    return running;
  };
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  let running = await start().catch(async (cause) => {
    await removeFolder();
    throw cause;
  });
  return {
    host: place.host,
    storageFolder: folder,
    restart: async () => {
      await running.stop();
      running = await start();
    },
    kill: () => running.kill(),
    stop: async () => {
      await running.stop();
      await removeFolder();
    },
  };
}
