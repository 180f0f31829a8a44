import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hiddenstate-packed-"));
const tarballs: Record<string, string> = {};

beforeAll(() => {
  mkdirSync(join(folder, "tarballs"));
  for (const name of ["core", "hiddenstate"]) {
    const out = run("npm", ["pack", "--json", "--pack-destination", join(folder, "tarballs")], `packages/${name}`);
    const answer = JSON.parse(out) as unknown;
    // npm 10 and 11 answer with an array, npm 12 with an object of package names.
    const [packed] = Object.values(answer as Record<string, { filename: string }>);
    tarballs[name] = join(folder, "tarballs", packed.filename);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const name of ["core", "hiddenstate"]) {
  describe(`packages/${name}, packed`, () => {
    test("has nothing for publint to complain of", () => {
      run("npx", ["publint", "run", tarballs[name], "--strict"]);
    });

    test("has types that resolve wherever its code does", () => {
      run("npx", ["attw", tarballs[name], "--profile", "esm-only", "--exclude-entrypoints", "package.json"]);
    });

    test("ships neither tests nor build records", () => {
      const files = run("tar", ["-tzf", tarballs[name]]).trim().split("\n");
      expect(files.filter((file) => /\.test\.|\.tsbuildinfo$/.test(file))).toEqual([]);
      expect(files).toContain("package/LICENSE");
      expect(files).toContain("package/README.md");
    });
  });
}

describe("installed into an empty folder", () => {
  const project = join(folder, "project");

  beforeAll(() => {
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true, type: "module" }));
    run(
      "npm",
      ["install", "--prefer-offline", "--no-audit", "--no-fund", tarballs["core"], tarballs["hiddenstate"]],
      project,
    );
  });

  test("there is one copy of core", () => {
    const installed = readdirSync(join(project, "node_modules/hiddenstate"));
    expect(installed).not.toContain("node_modules");
  });

  test("a program imports both packages and they are one library", () => {
    // To come: train ten steps.
    writeFileSync(
      join(project, "program.js"),
      `import * as core from "@hiddenstate/core";
       import * as hiddenstate from "hiddenstate";
       console.log(JSON.stringify([core.version, hiddenstate.version]));`,
    );
    expect(JSON.parse(run("node", ["program.js"], project))).toEqual(["0.1.0", "0.1.0"]);
  });

  test("the command answers --help", () => {
    expect(run("npx", ["hiddenstate", "--help"], project)).toContain("Usage: hiddenstate");
  });
});

/** Runs a command to its end in a folder (from the repository's root) and returns its standard output. */
function run(command: string, words: readonly string[], cwd = "."): string {
  // npm hands its settings on to what it starts; the commands here are to behave as a user's own.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(config_(local_)?prefix|package_|lifecycle_)/.test(name)),
  );
  const done = spawnSync(command, words, {
    cwd: resolve(root, cwd),
    env,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (done.status !== 0)
    throw new Error(`${command} ${words.join(" ")}: exit ${done.status}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}
