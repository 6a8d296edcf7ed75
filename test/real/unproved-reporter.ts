import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import { runsInCi } from './runs-in-ci.ts';

/**
 * Says at the end of a run which facts stayed unproved for want of a real peer, so that a skipped suite is
 * never mistaken for a green one, and ends with the one line that CI repeats. In CI a skip is a failure.
 */
export function unprovedReporter(): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const outcome = outcomeOf(modules, unhandledErrors.length);
      const lines = [...unprovedLines(outcome.skipped), countLine(outcome)];
      if (runsInCi() && outcome.skipped.length > 0) {
        process.exitCode = 1;
        lines.unshift('', 'CI=true: a skipped test fails the run.');
      }
      process.stdout.write(`${lines.join('\n')}\n`);
    },
  };
}

type Outcome = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly TestCase[];
};

/** A hook or a file that fails has no test to its name, and counts as one failure. */
function outcomeOf(modules: readonly TestModule[], unhandledErrors: number): Outcome {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const groups = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const passed = tests.filter((test) => test.result().state === 'passed').length;
  const skipped = tests.filter(wasSkipped);
  // What is still pending never came to an end: its worker died or the run was interrupted.
  const failedTests = tests.length - passed - skipped.length;
  const failedGroups = groups.filter((group) => group.errors().length > 0).length;
  return { passed, failed: failedTests + failedGroups + unhandledErrors, skipped };
}

function countLine({ passed, failed, skipped }: Outcome): string {
  const counts = `${passed} passed, ${failed} failed`;
  return skipped.length === 0 ? counts : `${counts}, ${skipped.length} skipped`;
}

function unprovedLines(skipped: readonly TestCase[]): string[] {
  const facts = skipped.flatMap((test) => {
    const missing = missingPeersOf(test);
    return missing.length === 0 ? [] : [`  ${test.fullName}\n      missing: ${missing.join(', ')}`];
  });
  if (facts.length === 0) return [''];
  const rule = '!'.repeat(80);
  const heading = `!!! NOT PROVED, for want of a real peer on this machine: ${facts.length}`;
  const advice = '!!! scripts/install-peers.sh installs them all; then run the tests again';
  return ['', rule, heading, rule, ...facts, rule, advice, rule, ''];
}

function missingPeersOf(test: TestCase): readonly string[] {
  const peers = [test, ...suitesOf(test)].flatMap((task) => task.meta().missingPeers ?? []);
  return [...new Set(peers)];
}

/** vitest leaves the tests of a skipped suite pending when that stands inside another skipped one. */
function wasSkipped(test: TestCase): boolean {
  const { state } = test.result();
  if (state === 'skipped') return true;
  return state === 'pending' && suitesOf(test).some((suite) => suite.options.mode === 'skip');
}

function suitesOf(test: TestCase): TestSuite[] {
  const suites: TestSuite[] = [];
  for (let suite = test.parent; suite.type === 'suite'; suite = suite.parent) suites.push(suite);
  return suites;
}
