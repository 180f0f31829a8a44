// The errors of exp, log, tanh and sigmoid over all 2^32 float32 numbers, in both instruction sets: writes sweep-results.md.
//
//   npm run build && npm run sweep --workspace packages/kernels          (some minutes)
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createWasmKernels } from "../core/dist/kernels/wasm/index.js";
import { approximations, largestError } from "./accuracy.js";

/** @typedef {{ largest: number, x: number }} Worst */

const block = 2 ** 16;
const blocks = 2 ** 32 / block;
const instructionSets = /** @type {const} */ (["relaxed", "simd128"]);

if (isMainThread) await sweepAll();
else await sweepShare(workerData.thread, workerData.threads);

async function sweepAll() {
  const started = performance.now();
  const threads = availableParallelism();
  /** @type {Map<string, Worst>} */
  const worst = new Map();
  await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { thread, threads } });
      worker.on("message", (/** @type {[string, Worst][]} */ found) => {
        for (const [key, value] of found) keepWorse(worst, key, value);
      });
      return new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
    }),
  );
  const seconds = Math.round((performance.now() - started) / 1000);

  const lines = approximations.map(({ name, bound }) => {
    const cells = instructionSets.map((set) => {
      const { largest, x } = /** @type {Worst} */ (worst.get(`${name} ${set}`));
      return `${largest.toFixed(3)} at ${x}`;
    });
    return `| ${name} | ${cells.join(" | ")} | ${bound} |`;
  });
  const text = `# Errors of the vector approximations

Over all 2^32 float32 numbers, in units in the last place, against the exact value in double (Math.exp and so on). Infinities
and NaN come out right; results below 2^-126 may be 0. Written by \`npm run sweep --workspace packages/kernels\`, with the
largest error that the tests allow beside it.

| | ${instructionSets.map((set) => `wasm ${set}`).join(" | ")} | bound |
|---|---|---|---|
${lines.join("\n")}

Node ${process.version}, V8 ${process.versions.v8}, ${process.platform} ${process.arch}, ${cpus()[0].model}, ${threads} threads, ${seconds} s.
`;
  writeFileSync(new URL("sweep-results.md", import.meta.url), text);
  console.log(text);
}

function keepWorse(/** @type {Map<string, Worst>} */ worst, /** @type {string} */ key, /** @type {Worst} */ found) {
  const before = worst.get(key);
  if (!before || found.largest > before.largest) worst.set(key, found);
}

/** Every block of inputs whose number is this thread's, modulo the threads. */
async function sweepShare(/** @type {number} */ thread, /** @type {number} */ threads) {
  const sets = await Promise.all(instructionSets.map((instructionSet) => createWasmKernels({ instructionSet })));
  const bits = new Int32Array(block);
  const inputs = new Float32Array(bits.buffer);
  const values = new Float64Array(block);
  /** @type {Map<string, Worst>} */
  const worst = new Map();
  for (let number = thread; number < blocks; number += threads) {
    for (let i = 0; i < block; i++) bits[i] = number * block + i;
    for (const { name, operation, exact } of approximations) {
      for (let i = 0; i < block; i++) values[i] = exact(inputs[i]);
      for (const set of sets) {
        const key = `${name} ${set.instructionSet}`;
        const { largest, index } = largestError(set, operation, bits, values);
        keepWorse(worst, key, { largest, x: inputs[index] });
      }
    }
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
  parentPort?.postMessage([...worst]);
}
