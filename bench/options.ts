import { parseArgs } from 'node:util';
import { CONTENDERS } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

export interface Options {
  readonly help: boolean;
  readonly list: boolean;
  readonly quick: boolean;
  readonly all: boolean;
  readonly scenarios: readonly string[];
  readonly contenders: readonly string[];
  readonly rounds: number | undefined;
  readonly scale: number | undefined;
  readonly source: 'nginx' | 'node' | undefined;
  readonly out: string;
}

export const HELP = `npm run bench -- [options]

Pushes models that are made up from a local Hub into local registries: ours beside a bare curl | curl, the Python tool of
the same name and skopeo, in turns, as processes of their own. Writes a table (results.md), all figures (results.json) and
pictures (performance.svg, memory.svg). Takes some twenty minutes on two cores, which should have nothing else to do.

  --quick            in two minutes: the main scenarios, once, with a quarter of the bytes
  --all              in three quarters of an hour: also the scenarios that --list marks with +
  --scenario NAME    only this one, or those whose names begin so (2g, memory, start-up); repeatable
  --contender NAME   only this one (ours, relay, python-0.4.1, python-1.3.0, skopeo); repeatable
  --rounds N         how often each contender plays each scenario (default: 3; scenarios that say so, once)
  --scale FACTOR     files of so much of their size, such as 0.1
  --source SOURCE    nginx or node: what serves the bytes (default: nginx, where it is installed)
  --out FOLDER       where the results go (default: bench-results)
  --list             the scenarios
  --help             this

What is not installed is named and left out: nginx, docker-registry, skopeo, curl, python3 (scripts/install-peers.sh
installs them on Debian). Delays between client and registry are made by the kernel where root may (ip netns, tc), else by
a proxy. A scenario for which there is no room in memory or on disk is named and left out too.
`;

/** @throws Error for people, where the arguments are none of ours */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      scenario: { type: 'string', multiple: true, default: [] },
      contender: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      scale: { type: 'string' },
      source: { type: 'string' },
      out: { type: 'string', default: 'bench-results' },
    },
  });
  const { help, list, quick, all, scenario: scenarios, contender: contenders, out } = values;
  for (const name of scenarios) {
    if (!isScenario(name)) throw new Error(`there is no scenario ${name}: see --list`);
  }
  for (const name of contenders) {
    if (!CONTENDERS.some((one) => one === name))
      throw new Error(`${name} is none of ${CONTENDERS.join(', ')}`);
  }
  return {
    help,
    list,
    quick,
    all,
    scenarios,
    contenders,
    rounds: positive('rounds', values.rounds),
    scale: positive('scale', values.scale),
    source: sourceOf(values.source),
    out,
  };
}

function isScenario(prefix: string): boolean {
  return 'start-up'.startsWith(prefix) || SCENARIOS.some(({ name }) => name.startsWith(prefix));
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0) || value === Number.POSITIVE_INFINITY) throw new Error(`--${name} wants a number above 0`);
  return value;
}

function sourceOf(text: string | undefined): Options['source'] {
  if (text === undefined || text === 'nginx' || text === 'node') return text;
  throw new Error('--source is nginx or node');
}
