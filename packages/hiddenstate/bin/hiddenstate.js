#!/usr/bin/env node
// Committed, not built: npm links a package's commands at install time, when dist/ may not be there yet.
import { existsSync } from "node:fs";

const program = new URL("../dist/cli.js", import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  console.error("hiddenstate: not built yet; run `npm run build` in the checkout");
  process.exitCode = 1;
}
