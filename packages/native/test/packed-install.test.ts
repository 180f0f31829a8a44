import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const platform = `${process.platform}-${process.arch}`;
const built = existsSync(join(root, `packages/native/dist/${platform}.node`));
if (!built) process.stderr.write("left out: packages/native/test/packed-install.test.ts (no native build here)\n");

describe.skipIf(!built)("core, native and this platform's package, packed and installed into an empty folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "hiddenstate-native-"));
  const project = join(folder, "project");

  beforeAll(() => {
    const layout = join(folder, "layout");
    run("node", [join(root, "packages/native/pack.js"), layout]);
    const packages = [join(root, "packages/core"), join(layout, "native"), join(layout, `native-${platform}`)];
    const tarballs = join(folder, "tarballs");
    mkdirSync(tarballs);
    run("npm", ["pack", "--pack-destination", tarballs, ...packages]);
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true, type: "module" }));
    const files = readdirSync(tarballs).map((name) => join(tarballs, name));
    run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...files], project);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("the package for another platform is not there", () => {
    expect(readdirSync(join(project, "node_modules/@hiddenstate")).toSorted()).toEqual([
      "core",
      "native",
      `native-${platform}`,
    ]);
  });

  test("native kernels compute where the processor has an instruction set of theirs", () => {
    const { backend, considered, sum } = program("native.js", whatComputes) as Computed;
    const available = considered.some((one) => one.backend === "native" && one.available);
    expect(backend).toBe(available ? "native" : "wasm");
    expect(sum).toBe(11);
  });

  test("native kernels compute in a worker thread, at the same time as outside", () => {
    const results = program("workers.js", inWorkers) as Computed[];
    expect(results).toHaveLength(3);
    for (const { backend, sum } of results) expect([backend, sum]).toEqual([results[0].backend, 11]);
  });

  test("an environment variable turns them off", () => {
    const { backend } = program("native.js", whatComputes, { HIDDENSTATE_BACKEND: "wasm" }) as Computed;
    expect(backend).toBe("wasm");
  });

  test("a native package of another version is refused, and wasm serves", () => {
    const native = join(project, "node_modules/@hiddenstate/native/index.cjs");
    writeFileSync(native, `module.exports = { ...require("@hiddenstate/native-${platform}"), version: "0.0.1" };`);
    const { backend, considered, sum } = program("native.js", whatComputes) as Computed;
    expect([backend, sum]).toEqual(["wasm", 11]);
    expect(considered[0]).toMatchObject({ backend: "native", available: false });
    expect(considered[0].reason).toContain("version 0.0.1");
  });

  /** Runs a program of the project, which answers with a line of JSON. */
  function program(name: string, source: string, env: Record<string, string> = {}): unknown {
    writeFileSync(join(project, name), source);
    return JSON.parse(run("node", [name], project, env));
  }
});

interface Computed {
  backend: string;
  sum: number;
  considered: { backend: string; available: boolean; reason: string }[];
}

const compute = `
  import { engine, matmul, tensor } from "@hiddenstate/core";
  const { backend, considered } = await engine.init();
  const product = matmul(tensor([1, 2], [1, 2]), tensor([3, 4], [2, 1]));
  const answer = { backend, considered, sum: await product.item() };`;

const whatComputes = `${compute}
  console.log(JSON.stringify(answer));`;

const inWorkers = `${compute}
  import { isMainThread, parentPort, Worker } from "node:worker_threads";
  if (isMainThread) {
    const workers = [0, 1].map(() => new Worker(new URL(import.meta.url)));
    const theirs = workers.map((worker) => new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject)));
    console.log(JSON.stringify([answer, ...(await Promise.all(theirs))]));
  } else parentPort.postMessage(answer);`;

/** Runs a command to its end and returns its standard output. */
function run(command: string, words: readonly string[], cwd = root, extra: Record<string, string> = {}): string {
  // npm hands its settings on to what it starts; the commands here are to behave as a user's own.
  const own = /^(npm_(config_(local_)?prefix|package_|lifecycle_)|HIDDENSTATE_)/;
  const env = { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name))), ...extra };
  const done = spawnSync(command, words, { cwd, env, encoding: "utf8", shell: process.platform === "win32" });
  if (done.status !== 0)
    throw new Error(`${command} ${words.join(" ")}: exit ${done.status}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}
