import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run the sources, not the build.
    alias: [
      { find: /^@hiddenstate\/core$/, replacement: source("packages/core/src/index.ts") },
      { find: /^hiddenstate$/, replacement: source("packages/hiddenstate/src/index.ts") },
    ],
  },
  test: {
    reporters: ["default", "./scripts/closing-line-reporter.ts"],
    passWithNoTests: true,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["packages/*/src/**/*.test.ts"], testTimeout: 30_000 },
      },
      {
        // Cross-cutting tests: command line, browser, packed install, whole training runs.
        extends: true,
        test: {
          name: "whole",
          include: ["packages/*/test/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
