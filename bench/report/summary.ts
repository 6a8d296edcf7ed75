import type { GoodRun, Run, ScenarioResult } from '../results.ts';
import { type ContenderName, unitOf } from '../scenario.ts';
import { median, type Spread, spread } from '../statistics.ts';

/** What the runs of one contender in one scenario come to. */
export interface Summary {
  readonly contender: ContenderName;
  readonly seconds: Spread;
  /** In the unit of the scenario. */
  readonly rate: Spread;
  /** Seconds of the processor, in the unit of the scenario. */
  readonly cpu: number;
  readonly user: number;
  readonly system: number;
  /** The most of all rounds. */
  readonly peakRssBytes: number | undefined;
  readonly hubRequests: number;
  readonly registryRequests: number;
}

export interface Failure {
  readonly contender: ContenderName;
  readonly failure: string;
}

/** In the order in which the scenario names its contenders. One that failed once has failed. */
export function summarize({ scenario, runs }: ScenarioResult): readonly (Summary | Failure)[] {
  return scenario.contenders.flatMap((contender): (Summary | Failure)[] => {
    const own = runs.filter((run) => run.contender === contender);
    const failure = own.find((run) => 'failure' in run);
    if (failure !== undefined) return [{ contender, failure: failure.failure }];
    const good = own.filter(isGood);
    return good.length === 0 ? [] : [summary(contender, good, unitOf(scenario).amount)];
  });
}

function isGood(run: Run): run is GoodRun {
  return !('failure' in run);
}

function summary(contender: ContenderName, runs: readonly GoodRun[], amount: number): Summary {
  const middle = (figure: (run: GoodRun) => number) => median(runs.map(figure));
  const peaks = runs.flatMap(({ peakRssBytes }) => peakRssBytes ?? []);
  return {
    contender,
    seconds: spread(runs.map(({ seconds }) => seconds)),
    rate: spread(runs.map(({ seconds }) => (amount * 1e3) / seconds)),
    cpu: middle(({ userSeconds, systemSeconds }) => userSeconds + systemSeconds) / amount,
    user: middle(({ userSeconds }) => userSeconds) / amount,
    system: middle(({ systemSeconds }) => systemSeconds) / amount,
    peakRssBytes: peaks.length === 0 ? undefined : Math.max(...peaks),
    hubRequests: middle(({ hubRequests }) => hubRequests),
    registryRequests: middle(({ registryRequests }) => registryRequests),
  };
}

/** How many times as fast as another one, and with how many times the processor. */
export interface Ratio {
  readonly speed: number;
  readonly cpu: number;
}

export function ratio(
  summaries: readonly (Summary | Failure)[],
  contender: ContenderName,
  to: ContenderName,
): Ratio | undefined {
  const find = (name: ContenderName) => summaries.find((summary) => summary.contender === name);
  const [one, other] = [find(contender), find(to)];
  if (one === undefined || other === undefined || 'failure' in one || 'failure' in other) return undefined;
  return {
    speed: other.seconds.median / one.seconds.median,
    cpu: one.cpu / other.cpu,
  };
}
