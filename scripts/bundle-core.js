// Puts core's modules into one file, after tsc: Node takes 0.4 ms for each module that it loads, which makes 60 ms of 160 of them.
//
// Every module's own file stays, as a few lines that take their exports from there: whoever imports one meets the same engine.
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const at = (/** @type {string} */ path) => fileURLToPath(new URL(`../packages/core/${path}`, import.meta.url));
const sources = readdirSync(at("src"), { recursive: true, encoding: "utf8" }).filter(
  (path) => path.endsWith(".ts") && !path.endsWith(".test.ts"),
);

/** The wasm modules are loaded when they are needed; the conformance suite is for those who make kernels. */
const apart = /-(bytes|edits)\.generated\.ts$|[\\/]conformance[\\/]/;

const bundle = await rolldown({
  cwd: at("."),
  input: Object.fromEntries(sources.map((path) => [path.slice(0, -".ts".length), at(`src/${path}`)])),
  platform: "neutral",
  preserveEntrySignatures: "strict",
  transform: { target: "es2023" },
});
await bundle.write({
  dir: at("dist"),
  format: "es",
  sourcemap: true,
  entryFileNames: "[name].js",
  chunkFileNames: "[name].js",
  codeSplitting: { groups: [{ name: "core", test: (id) => id.startsWith(at("src")) && !apart.test(id) }] },
});
await bundle.close();

// So that tsc does not take its own files for the newest: run alone, it writes all of them again.
rmSync(at("dist/tsconfig.tsbuildinfo"), { force: true });
