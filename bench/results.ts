import type { ContenderName, Scenario } from './scenario.ts';

/** One run of one contender. */
export type Run = GoodRun | FailedRun;

export interface GoodRun {
  readonly contender: ContenderName;
  readonly round: number;
  readonly seconds: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly peakRssBytes: number | undefined;
  readonly hubRequests: number;
  readonly registryRequests: number;
  readonly digest: string | undefined;
}

export interface FailedRun {
  readonly contender: ContenderName;
  readonly round: number;
  readonly failure: string;
}

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly runs: readonly Run[];
}

/** How long a command takes that does next to nothing, beside a bare Node. */
export interface StartUp {
  readonly rounds: number;
  readonly seconds: Readonly<Record<string, readonly number[]>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  /** What served, and who took part. */
  readonly source: string;
  readonly contenders: Readonly<Record<string, string>>;
  /** What was left out, and why. */
  readonly notes: readonly string[];
  readonly scenarios: readonly ScenarioResult[];
  readonly startUp?: StartUp | undefined;
}
