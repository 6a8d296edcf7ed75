import { readFileSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import type { ContenderName, Scenario } from '../scenario.ts';
import { totalBytes } from '../scenario.ts';
import { memoryFolder } from './temporary.ts';

/** Beyond the bytes themselves: programs, and what the system wants left. */
const MARGIN = 2 ** 30;
/** How many copies of the model a contender has on disk at once. */
const COPIES_ON_DISK: Partial<Readonly<Record<ContenderName, number>>> = { 'python-1.3.0': 3.5, skopeo: 2.2 };

/** @returns what a person can do something about, where a scenario would fill the machine */
export function noRoomFor(scenario: Scenario, disk: string): string | undefined {
  const bytes = totalBytes(scenario.model);
  const model = scenario.model.bytes === 'zeros' ? 0 : bytes;
  const inMemory = model + (scenario.target === 'sink' ? 0 : bytes) + MARGIN;
  const onDisk =
    Math.max(...scenario.contenders.map((name) => COPIES_ON_DISK[name] ?? 0)) * bytes + MARGIN / 4;
  const folder = memoryFolder();
  if (free(folder) < inMemory) return `${folder} has ${gib(free(folder))} free, it takes ${gib(inMemory)}`;
  if (folder === '/dev/shm' && available() < inMemory)
    return `the machine has ${gib(available())} of memory to spare, it takes ${gib(inMemory)}`;
  if (free(disk) < onDisk) return `${disk} has ${gib(free(disk))} free, it takes ${gib(onDisk)}`;
  return undefined;
}

function free(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** What can be had without swapping: more than what is free, as files that can be read again are kept in memory. */
function available(): number {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  } catch {
    return freemem();
  }
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
