import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { unprovedReporter } from './test/real/unproved-reporter.ts';

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/support/no-leaks.ts'],
    reporters: ['default', unprovedReporter()],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
export default config;
