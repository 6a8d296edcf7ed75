import type { GoodRun, Run, ScenarioResult } from '../results.ts';
import type { ContenderName } from '../scenario.ts';
import { totalBytes } from '../scenario.ts';
import { median, type Spread, spread } from '../statistics.ts';

/** What the runs of one contender in one scenario come to. */
export interface Summary {
  readonly contender: ContenderName;
  readonly seconds: Spread;
  /** 10⁶ bytes of the model a second. */
  readonly megabytesPerSecond: Spread;
  /** Seconds of the processor for 10⁹ bytes of the model. */
  readonly cpuPerGigabyte: number;
  readonly userPerGigabyte: number;
  readonly systemPerGigabyte: number;
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
    return good.length === 0 ? [] : [summary(contender, good, totalBytes(scenario.model))];
  });
}

function isGood(run: Run): run is GoodRun {
  return !('failure' in run);
}

function summary(contender: ContenderName, runs: readonly GoodRun[], bytes: number): Summary {
  const middle = (figure: (run: GoodRun) => number) => median(runs.map(figure));
  const gigabytes = bytes / 1e9;
  const peaks = runs.flatMap(({ peakRssBytes }) => peakRssBytes ?? []);
  return {
    contender,
    seconds: spread(runs.map(({ seconds }) => seconds)),
    megabytesPerSecond: spread(runs.map(({ seconds }) => bytes / 1e6 / seconds)),
    cpuPerGigabyte: middle(({ userSeconds, systemSeconds }) => userSeconds + systemSeconds) / gigabytes,
    userPerGigabyte: middle(({ userSeconds }) => userSeconds) / gigabytes,
    systemPerGigabyte: middle(({ systemSeconds }) => systemSeconds) / gigabytes,
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
    cpu: one.cpuPerGigabyte / other.cpuPerGigabyte,
  };
}
