import { expect, test } from 'vitest';
import type { Weather } from '../support/counting-relay.ts';
import { type CliRun, variablesOf } from '../support/run-cli.ts';
import { rightDigest, withDisturbedPush } from './disturbed-push.ts';
import { describePeers } from './peers.ts';
import { startDistribution3 } from './start-distribution-3.ts';
import { startDockerRegistry } from './start-docker-registry.ts';
import { startOlareg } from './start-olareg.ts';
import type { RunningRegistry } from './start-registry.ts';

const MIB = 2 ** 20;
/** What the cost is told of, and what is enough where only the way on matters. */
const [LARGE, SMALL] = [512 * MIB, 64 * MIB];
/** What the buffers of a connection on the loopback hold at most (net.ipv4.tcp_rmem, 32 MiB): handed over by us, and lost when it breaks. */
const BUFFERED = 36 * MIB;
const PEAK_RSS_KB = 200_000;
const JSON_LINES = ['--json'];

interface Figures {
  readonly size: number;
  /** Bytes that went towards the registry. */
  readonly sent: number;
  /** Bytes of the file that the Hub gave out. */
  readonly read: number;
  readonly last: CliRun;
}

/** A push that a signal ends half-way, and the same push again. */
function interrupted(
  size: number,
  start: () => Promise<RunningRegistry>,
  signal: NodeJS.Signals,
  ...flags: string[]
): Promise<Figures> {
  return withDisturbedPush({ size, start }, async ({ hub, relay, push }) => {
    // The source stands still, so that the signal finds the upload where it is.
    hub.addFault({ on: 'cdn', kind: 'stall', afterBytes: size / 2, seconds: 120 });
    const when = () => expect.poll(() => relay.bytesUp).toBeGreaterThan(size / 2 - MIB / 4);
    const first = await push({ kill: { signal, when } }, ...flags);
    expect(first.code, first.stderr).toBe(signal === 'SIGTERM' ? 143 : signal);
    const last = await push({}, ...flags);
    return { size, sent: relay.bytesUp, read: hub.bytesSent({ origin: 'cdn' }), last };
  });
}

/** One push, through a wire that breaks so many times, each time at another place. */
function reset(times: number, size: number, start: () => Promise<RunningRegistry>): Promise<Figures> {
  const weather = (connection: number, mishaps: number): Weather => {
    // Never after the same time, or it would be taken for a limit on that.
    const share = [0.25, 0.05, 0.2, 0.1, 0.15][mishaps];
    if (share === undefined || mishaps >= times) return {};
    return {
      mishaps: [{ direction: 'up', kind: 'reset', afterBytes: Math.round(size * share) - connection }],
    };
  };
  return withDisturbedPush({ size, start, weather }, async ({ hub, relay, push }) => {
    const last = await push({}, ...JSON_LINES);
    expect(relay.mishaps).toBeGreaterThanOrEqual(times);
    return { size, sent: relay.bytesUp, read: hub.bytesSent({ origin: 'cdn' }), last };
  });
}

/** The last of the lines of JSON that a run printed. */
function resultOf({ stdout }: CliRun) {
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  expect(result).toMatchObject({ type: 'result' });
  return result as { manifestDigest: string; reread: number; resent: number };
}

function print(what: string, { size, sent, read, last }: Figures): void {
  const [bytes, times] = [(n: number) => (n / MIB).toFixed(1), (n: number) => (n / size).toFixed(3)];
  process.stdout.write(
    `${what}: ${bytes(size)} MiB, sent ${bytes(sent)} MiB (${times(sent)} x), read ${bytes(read)} MiB (${times(read)} x), ` +
      `peak RSS ${bytes(last.maxRssKb * 1024)} MiB\n`,
  );
}

describePeers(
  ['distribution-3', 'docker-registry', 'olareg'],
  'what a disturbed push costs on the wire',
  () => {
    test.concurrent.each([
      ['SIGKILL', 'olareg', LARGE, startOlareg],
      ['SIGTERM', 'docker-registry', LARGE, startDockerRegistry],
      ['SIGTERM', 'distribution-3', SMALL, startDistribution3],
    ] as const)(
      '%s half-way, %s: it is taken up where it was, and in all hardly more is sent than the layer',
      {
        timeout: 120_000,
      },
      async (signal, name, size, start) => {
        const figures = await interrupted(size, start, signal);
        print(`${signal} half-way, ${name}`, figures);
        const { last, sent } = figures;
        expect(last.code, last.stderr).toBe(0);
        expect(last.stderr).toContain('going on with models/model.safetensors where an earlier run left it');
        expect(sent / size).toBeLessThan(1.1);
        expect(last.maxRssKb).toBeLessThan(PEAK_RSS_KB);
        expect(variablesOf(last).MANIFESTDIGEST).toBe(await rightDigest(size));
      },
    );

    test.concurrent('SIGKILL half-way, distribution 3: the same, and what the run says of its cost is what the wire says', {
      timeout: 120_000,
    }, async () => {
      // What is under way over other connections when it is killed is lost, and nobody can tell how much that was.
      const flags = [...JSON_LINES, '--hf-connections', '1'];
      const figures = await interrupted(LARGE, startDistribution3, 'SIGKILL', ...flags);
      print('SIGKILL half-way, distribution-3', figures);
      const { last, sent, read } = figures;
      expect(last.code, last.stdout).toBe(0);
      expect(last.stdout).toContain('"type":"layer-resumed"');
      expect(sent / LARGE).toBeLessThan(1.1);
      const { manifestDigest, reread, resent } = resultOf(last);
      // On the wire are headers too.
      expect(Math.abs(sent - LARGE - resent)).toBeLessThan(MIB);
      expect(Math.abs(read - LARGE - reread)).toBeLessThan(MIB);
      expect(last.maxRssKb).toBeLessThan(PEAK_RSS_KB);
      expect(manifestDigest).toBe(await rightDigest(LARGE));
    });

    test.concurrent('five resets, distribution 3: less than a fifth more is sent than the layer, and it is said', {
      timeout: 120_000,
    }, async () => {
      const figures = await reset(5, LARGE, startDistribution3);
      print('five resets, distribution-3', figures);
      const { last, sent, read } = figures;
      expect(last.code, last.stdout).toBe(0);
      expect(sent / LARGE).toBeLessThan(1.2);
      const { manifestDigest, reread, resent } = resultOf(last);
      expect(sent - LARGE).toBeLessThan(resent + MIB);
      expect((LARGE + resent) / LARGE).toBeLessThan(1.2);
      expect(sent - LARGE).toBeGreaterThan(resent - 5 * BUFFERED);
      // Nor has all that the Hub gave out come to us.
      expect(read - LARGE).toBeGreaterThan(reread - MIB);
      expect(last.maxRssKb).toBeLessThan(PEAK_RSS_KB);
      expect(manifestDigest).toBe(await rightDigest(LARGE));
    });

    test.concurrent('a reset half-way, docker-registry 2.8: it begins again, and says what that costs', {
      timeout: 120_000,
    }, async () => {
      const figures = await reset(1, SMALL, startDockerRegistry);
      print('a reset half-way, docker-registry', figures);
      const { last, sent } = figures;
      expect(last.code, last.stdout).toBe(0);
      const { manifestDigest, resent } = resultOf(last);
      expect(sent - SMALL).toBeLessThan(resent + MIB);
      expect(sent - SMALL).toBeGreaterThan(resent - BUFFERED);
      expect(manifestDigest).toBe(await rightDigest(SMALL));
    });

    test.concurrent('SIGKILL half-way, docker-registry 2.8: it begins again, because the registry lost the session, and says so', {
      timeout: 120_000,
    }, async () => {
      const { last } = await interrupted(SMALL, startDockerRegistry, 'SIGKILL');
      expect(last.code, last.stderr).toBe(0);
      expect(last.stderr).toContain('beginning models/model.safetensors anew: the registry has lost');
      expect(variablesOf(last).MANIFESTDIGEST).toBe(await rightDigest(SMALL));
    });
  },
);
