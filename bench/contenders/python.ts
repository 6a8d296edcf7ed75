import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { findProgram, isProgram } from '../rig/programs.ts';
import type { Command, Contender, Missing, Task } from './contender.ts';

type Version = '0.4.1' | '1.3.0';

/** Where this project's tests have it, and where the benchmark puts what it has to install itself. */
const PLACES: Readonly<Record<Version, readonly string[]>> = {
  '0.4.1': ['.peers/modelcar', 'node_modules/.cache/oci-modelcar-bench/python-0.4.1'],
  '1.3.0': ['.peers/modelcar-1.3.0', 'node_modules/.cache/oci-modelcar-bench/python-1.3.0'],
};

const INSTALL_LIMIT_MS = 120_000;

/** The Python tool of the same name (https://pypi.org/project/oci-modelcar/): 0.4.1 streams, 1.3.0 goes over the disk. */
export function python(version: Version, say: (line: string) => void): Contender | Missing {
  const folders = PLACES[version].map((place) => resolve(place));
  const installed = folders.find((folder) => isProgram(`${folder}/bin/oci-modelcar`));
  const own = folders.at(-1) ?? '';
  const name = `python-${version}` as const;
  const why = installed === undefined ? install(version, own, say) : undefined;
  if (why !== undefined) return { name, why };
  const executable = `${installed ?? own}/bin/oci-modelcar`;
  const about = execFileSync(executable, ['--version'], { encoding: 'utf8' }).trim();
  return { name, about: `Python ${about}`, command: (task) => command(executable, task), leaves: 'image' };
}

/** @returns why it could not be */
function install(version: Version, folder: string, say: (line: string) => void): string | undefined {
  const python3 = findProgram('python3');
  if (python3 === undefined) return 'python3 is not on this machine';
  say(`installing oci-modelcar ${version} from PyPI into a virtual environment, once`);
  try {
    const options = { stdio: 'ignore', timeout: INSTALL_LIMIT_MS } as const;
    execFileSync(python3, ['-m', 'venv', folder], options);
    execFileSync(`${folder}/bin/pip`, ['install', '--quiet', `oci-modelcar==${version}`], options);
  } catch {
    if (existsSync(folder)) rmSync(folder, { recursive: true });
    return `pip could not install oci-modelcar==${version}`;
  }
  return undefined;
}

function command(program: string, task: Task): Command {
  const { model, hub, registry, repository, tag, workers, caFile, folder } = task;
  const source = ['--hf-repo', model.id, '--hf-endpoint', hub];
  const target = ['--registry', registry, '--target-repo', repository, '--target-tag', tag];
  const trust = caFile === undefined ? {} : { REQUESTS_CA_BUNDLE: caFile, SSL_CERT_FILE: caFile };
  return {
    program,
    args: ['push', ...source, ...target, '--workers', `${workers}`],
    // The endpoint once more: 1.3.0 has a library that looks there.
    env: { HOME: folder, TMPDIR: folder, HF_ENDPOINT: hub, ...trust },
  };
}
