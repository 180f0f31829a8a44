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

test("core ships the kernels' modules beside the code that has their bytes in it", () => {
  const files = run("tar", ["-tzf", tarballs["core"]]).trim().split("\n");
  expect(files.filter((file) => file.endsWith(".wasm")).toSorted()).toEqual([
    "package/dist/wasm/relaxed.wasm",
    "package/dist/wasm/simd128.wasm",
  ]);
});

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

  test("a program trains ten steps with layers and an optimiser of its own", () => {
    const { losses, backend } = program("by-hand.js", byHand) as { losses: number[]; backend: string };
    expect(backend).toBe("wasm");
    expect(losses).toHaveLength(10);
    expect(losses.at(-1)).toBeLessThan(losses[0]);
  });

  test("a program trains ten steps on a text file, and loads what it has kept", () => {
    writeFileSync(join(project, "fox.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(100));
    const { types, losses, written } = program("with-train.js", withTrain) as Record<string, unknown[]>;
    expect(types).toEqual(expect.arrayContaining(["start", "step", "evaluation", "checkpoint", "end"]));
    expect(losses).toHaveLength(10);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    expect(written).toHaveLength(20);
  });

  test("both packages are one library", () => {
    const same = `import * as core from "@hiddenstate/core";
      import * as hiddenstate from "hiddenstate";
      console.log(JSON.stringify([core.engine === hiddenstate.engine, core.version, hiddenstate.version]));`;
    expect(program("same.js", same)).toEqual([true, "0.1.0", "0.1.0"]);
  });

  for (const instructionSet of ["relaxed", "simd128"]) {
    test(`the shipped ${instructionSet}.wasm is found by its name and computes`, () => {
      expect(program(`${instructionSet}.js`, withModule(instructionSet))).toEqual([instructionSet, 11]);
    });
  }

  for (const [module, moduleResolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ]) {
    test(`a strict TypeScript program compiles with moduleResolution ${moduleResolution}`, () => {
      writeFileSync(join(project, "program.ts"), typed);
      // skipLibCheck is off, so the packages' own declarations are checked too; lib is the default, as is common.
      const compilerOptions = { module, moduleResolution, strict: true, noEmit: true, types: [], target: "es2023" };
      const config = join(project, `tsconfig.${moduleResolution}.json`);
      writeFileSync(config, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
      expect(run("npx", ["tsc", "-p", config])).toBe("");
    });
  }

  test("the command trains a model and writes with it", () => {
    writeFileSync(join(project, "fox.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(100));
    const train = ["train", "fox.txt", "--out", "fox", "--steps", "10", "--hidden", "16", "--batch", "4", "--json"];
    const events = run("npx", ["hiddenstate", ...train], project)
      .trim()
      .split("\n");
    expect(JSON.parse(events.at(-1)!)).toMatchObject({ type: "end", step: 10 });
    const written = run("npx", ["hiddenstate", "generate", "fox", "--length", "20", "--json"], project);
    expect((JSON.parse(written) as { text: string }).text).toHaveLength(20);
  });

  test("the command answers --help", () => {
    expect(run("npx", ["hiddenstate", "--help"], project)).toContain("Usage: hiddenstate");
  });

  /** Runs a program in the project and reads the JSON it prints. */
  function program(name: string, code: string): unknown {
    writeFileSync(join(project, name), code);
    return JSON.parse(run("node", [name], project));
  }
});

const byHand = `
  import { Adam, clipGradNorm, crossEntropy, engine, Linear, LSTM, tensor } from "@hiddenstate/core";

  const { backend } = await engine.init({ seed: 0 });
  const lstm = new LSTM({ inputSize: 2, hiddenSize: 16, layers: 2 });
  const head = new Linear({ inputSize: 16, outputSize: 2 });
  const parameters = [...lstm.parameters(), ...head.parameters()];
  const adam = new Adam(parameters, { lr: 0.01 });
  const x = tensor(Float32Array.from({ length: 5 * 3 * 2 }, (_, i) => Math.sin(i)), [5, 3, 2]);
  const targets = Int32Array.from({ length: 5 * 3 }, (_, i) => i % 2);
  const losses = [];
  for (let step = 0; step < 10; step++) {
    const loss = engine.scope(() => {
      adam.zeroGrad();
      const { output } = lstm.forward(x, { lengths: [5, 3, 4] });
      const loss = crossEntropy(head.forward(output), targets);
      loss.backward();
      clipGradNorm(parameters, 1);
      adam.step();
      return loss;
    });
    losses.push(await loss.item());
  }
  console.log(JSON.stringify({ losses, backend }));`;

const withTrain = `
  import { load, train } from "hiddenstate";

  const small = { hidden: 16, layers: 1, batch: 4, bptt: 16, lr: 0.01 };
  const events = [];
  for await (const event of train({ task: "lm", data: "fox.txt", out: "model", ...small, steps: 10, logEvery: 1 })) {
    events.push(event);
  }
  const model = await load("model");
  let written = "";
  for await (const piece of model.generate({ prompt: "the ", length: 20 })) written += piece;
  const losses = events.filter(({ type }) => type === "step").map(({ loss }) => loss);
  console.log(JSON.stringify({ types: events.map(({ type }) => type), losses, written }));`;

/** The engine is started first: on Node 20 that is what lets relaxed SIMD compile. */
const withModule = (instructionSet: string): string => `
  import { readFile } from "node:fs/promises";
  import { engine, matmul, tensor } from "@hiddenstate/core";

  await engine.init();
  const file = new URL(import.meta.resolve("@hiddenstate/core/wasm/${instructionSet}.wasm"));
  const info = await engine.init({ module: await WebAssembly.compile(await readFile(file)) });
  const product = matmul(tensor([1, 2], [1, 2]), tensor([3, 4], [2, 1]));
  console.log(JSON.stringify([info.instructionSet, await product.item()]));`;

const typed = `
  import { engine, LSTM, type LSTMState, type Tensor, tensor, HiddenstateError } from "@hiddenstate/core";
  import { load, train, type TrainingEvent, type TrainOptions } from "hiddenstate";

  const info: { backend: string } = await engine.init({ backend: "auto", seed: 0 });
  const lstm = new LSTM({ inputSize: 4, hiddenSize: 8 });
  const { output, state }: { output: Tensor; state: LSTMState } = lstm.forward(tensor(new Float32Array(24), [3, 2, 4]));
  const values: Float32Array = await output.data();
  // @ts-expect-error: there is no such option
  new LSTM({ inputSize: 4, hiddenSize: 8, layer: 2 });

  const options: TrainOptions = { task: "lm", data: "text.txt", cell: "gru", steps: 10 };
  const show = (event: TrainingEvent): string => (event.type === "step" ? event.loss.toFixed(3) : event.type);
  for await (const event of train(options)) console.log(show(event));
  const model = await load("runs/text", { task: "lm" });
  for await (const piece of model.generate({ prompt: "a", length: 10 })) console.log(piece.toUpperCase());
  const code: string = new HiddenstateError("invalid", "x").code;
  console.log(info.backend, state.c.shape, values.length, code);
  export {};`;

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
