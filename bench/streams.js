// Single steps, streams together, and 8-bit weights, beside ONNX Runtime where it is installed: medians and bests in microseconds.
//
//   npm run build && node bench/streams.js [--backend native] [--repeats 15]
import { parseArgs } from "node:util";
import { engine, GRU, LanguageModel, LSTM } from "@hiddenstate/core";
import { load, machine } from "./machine.js";
import { fromPeers } from "./peers/from-peers.js";
import { recurrentModel } from "./peers/onnx-model.js";
import { spreadOf, timer } from "./timing.js";

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "auto" },
    repeats: { type: "string", default: "15" },
  },
});
const together = 64;
const shapes = /** @type {const} */ ([
  { name: "lstm-2x256", cell: "lstm", hidden: 256 },
  { name: "gru-2x512", cell: "gru", hidden: 512 },
]);

const backend = /** @type {import("@hiddenstate/core").Backend} */ (values.backend);
const info = await engine.init({ backend, threads: 1, seed: 0 });
console.log(JSON.stringify({ node: process.version, backend: info.backend, instructionSet: info.instructionSet }));
console.log(JSON.stringify({ ...machine(), load: load() }));

for (const { name, cell, hidden } of shapes) {
  const network = new (cell === "lstm" ? LSTM : GRU)({ inputSize: hidden, hiddenSize: hidden, layers: 2 });
  const model = new LanguageModel({ vocabularySize: 65, cell, hidden, layers: 2 });
  const x = new Float32Array(hidden).map((_, i) => Math.sin(i));
  const xs = new Float32Array(together * hidden).map((_, i) => Math.sin(i));
  /** @type {Record<string, () => unknown>} */
  const works = {};
  const peer = await onnxStep(cell, hidden);
  if (peer) works["onnxruntime-node"] = peer;
  for (const weights of /** @type {const} */ (["float32", "int8"])) {
    const [stream, text, pool] = [network.stream({ weights }), model.stream({ weights }), network.pool({ weights })];
    const ids = Array.from({ length: together }, () => pool.open());
    works[weights] = () => stream.push(x);
    works[`${weights}, embedding and linear layer`] = () => text.push([3]);
    works[`${weights}, ${together} streams`] = () => pool.push(ids, xs);
  }
  await report(name, works, Number(values.repeats));
}

/** Times all works in turns, so that what else the machine does meets all of them. */
async function report(
  /** @type {string} */ name,
  /** @type {Record<string, () => unknown>} */ works,
  /** @type {number} */ repeats,
) {
  /** @type {{ what: string, clock: ReturnType<typeof timer>, samples: import("./timing.js").Sample[] }[]} */
  const timed = Object.entries(works).map(([what, work]) => ({ what, clock: timer(work), samples: [] }));
  for (const { clock } of timed) await clock.warmUp();
  for (let i = 0; i < repeats; i++) {
    for (const { clock, samples } of timed) samples.push(await clock.sample());
  }
  for (const { what, samples } of timed) {
    const { median, min, max } = spreadOf(samples);
    const us = (/** @type {number} */ ms) => Number((ms * 1e3).toFixed(1));
    console.log(JSON.stringify({ case: name, what, medianUs: us(median), leastUs: us(min), mostUs: us(max), repeats }));
  }
}

/** One step of ONNX Runtime on one thread, or null where it is not installed. */
async function onnxStep(/** @type {"lstm" | "gru"} */ cell, /** @type {number} */ hidden) {
  let ort;
  try {
    ort = fromPeers("onnxruntime-node");
  } catch {
    return null;
  }
  const layers = 2;
  const session = await ort.InferenceSession.create(recurrentModel({ cell, layers, hidden }), { intraOpNumThreads: 1 });
  const zero = () => new ort.Tensor("float32", new Float32Array(hidden), [1, 1, hidden]);
  const states = (cell === "lstm" ? ["h0", "c0", "h1", "c1"] : ["h0", "h1"]).map((state) => [state, zero()]);
  const feeds = { x: zero(), ...Object.fromEntries(states) };
  return () => session.run(feeds);
}
