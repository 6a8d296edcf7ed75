import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { unprovedReporter } from './test/real/unproved-reporter.ts';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    setupFiles: ['test/support/no-leaks.ts'],
    reporters: ['default', unprovedReporter()],
    // By default a core is left free; but most of the time of these tests goes in waiting for what they started.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
export default config;
