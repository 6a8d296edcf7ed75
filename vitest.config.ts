import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { unprovedReporter } from './test/real/unproved-reporter.ts';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    setupFiles: ['test/support/no-leaks.ts'],
    reporters: ['default', unprovedReporter()],
    // By default a core is left free; but most of the time of these tests goes in waiting for what they started.
    maxWorkers: '100%',
    // Ends a test that hangs. A test that is only slow, on a busy machine, must not fail by chance.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
export default config;
