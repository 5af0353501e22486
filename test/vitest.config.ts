import { defineConfig } from 'vitest/config';
import './run/require-node.js';

/** The suites that look at the built package. */
const house = ['test/house/**/*.test.ts', 'test/api/**/*.test.ts'];

const bounds = {
  // For what hangs, wide enough for a busy machine.
  testTimeout: 60_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    projects: [
      { test: { ...bounds, name: 'units', include: ['test/**/*.test.ts'], exclude: [...house, '**/node_modules/**'] } },
      { test: { ...bounds, name: 'house', include: house, globalSetup: ['test/house/fresh-build.ts'] } },
    ],
  },
});
