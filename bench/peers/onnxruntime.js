// ONNX Runtime's side of a case: the recurrent layers, forward only.
// usage: node onnxruntime.js CASE THREADS onnxruntime-node|onnxruntime-web; then see ../serve.js
import { parseCase } from "../cases.js";
import { residentMemory } from "../resident-memory.js";
import { serve } from "../serve.js";
import { fromPeers, versionOf } from "./from-peers.js";
import { recurrentModel } from "./onnx-model.js";

const { layers, hidden, batch, steps, ...shape } = /** @type {import("../cases.js").Case} */ (
  parseCase(process.argv[2])
);
const cell = /** @type {"rnn" | "lstm" | "gru"} */ (shape.cell);
const threads = Number(process.argv[3]);
const name = process.argv[4];

const ort = fromPeers(name);
if (name === "onnxruntime-web") ort.env.wasm.numThreads = threads;
const idleMb = residentMemory().nowMb;
const session = await ort.InferenceSession.create(recurrentModel({ cell, layers, hidden }), {
  intraOpNumThreads: threads,
});

/** @param {number} count */
const random = (count) => Float32Array.from({ length: count }, () => Math.random() * 2 - 1);

/**
 * @param {number} length
 * @param {number} rows
 */
function feeds(length, rows) {
  const states = cell === "lstm" ? ["h", "c"] : ["h"];
  const zero = () => new ort.Tensor("float32", new Float32Array(rows * hidden), [1, rows, hidden]);
  return Object.fromEntries([
    ["x", new ort.Tensor("float32", random(length * rows * hidden), [length, rows, hidden])],
    ...Array.from({ length: layers }, (_, l) => states.map((state) => [state + l, zero()])).flat(),
  ]);
}

const [one, all] = [feeds(1, 1), feeds(steps, batch)];
const facts = { version: versionOf(name), node: process.version };
await serve(facts, { streamRecurrent: () => session.run(one), forward: () => session.run(all) }, idleMb);
