import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("../src", import.meta.url));
const page = readFileSync(new URL("../../../docs/architecture.md", import.meta.url), "utf8");

/** The folders of core, lowest first, as docs/architecture.md tells them. */
const layers = [...page.matchAll(/^\| \[`(\w+)\/`\]\(\.\.\/packages\/core\/src\/\w+\)/gm)].map(([, folder]) => folder);

/** `from -> to` for every import between files of two folders. */
const imports = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((path) => path.split(sep).join("/"))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .flatMap((path) =>
    [...readFileSync(join(source, path), "utf8").matchAll(/^(?:import|export|\}) ?.*from "(\.[^"]+)";$/gm)].map(
      ([, target]) => ({ from: path, to: posix.join(dirname(path), target) }),
    ),
  );

const layerOf = (path: string): string => path.split("/")[0];

test("the page's layers are the folders of core", () => {
  const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(layers.toSorted()).toEqual(folders.map(({ name }) => name).toSorted());
});

test("a folder imports from those below it only, but for what the page names", () => {
  const height = (path: string): number => layers.indexOf(layerOf(path));
  const between = imports.filter(({ from, to }) => height(from) >= 0 && height(to) >= 0);
  expect(between.length).toBeGreaterThan(500);
  const upward = between.filter(({ from, to }) => height(to) > height(from));
  expect(upward.map(({ from, to }) => `${from} -> ${to}`).toSorted()).toEqual([
    "kernels/conformance/samples.ts -> memory/random.ts",
    "memory/tensor.ts -> autograd/backward.ts",
    "memory/tensor.ts -> autograd/tape.ts",
  ]);
});
