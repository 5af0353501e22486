import { defineConfig } from 'vitest/config';
import './run/require-node.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A bound for what hangs, wide enough for a busy machine.
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
