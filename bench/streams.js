// Single steps, streams together, and 8-bit weights, beside ONNX Runtime where it is installed, on one thread: microseconds.
//
//   npm run build && node bench/streams.js [--backend native] [--turns 15]
import { parseArgs } from "node:util";
import { engine, GRU, LanguageModel, LSTM } from "@hiddenstate/core";
import { load, machine } from "./machine.js";
import { fromPeers } from "./peers/from-peers.js";
import { recurrentModel } from "./peers/onnx-model.js";
import { timer } from "./timing.js";

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "auto" },
    turns: { type: "string", default: "15" },
  },
});
const together = 64;
const samplesEachTurn = 100;
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
  await report(name, works, Number(values.turns));
}

/**
 * Times all works in turns, in samples of a tenth of a millisecond: too short for the system to give the processor to others in
 * most of them, so that the median stays what it is on a machine that others use too.
 */
async function report(
  /** @type {string} */ name,
  /** @type {Record<string, () => unknown>} */ works,
  /** @type {number} */ turns,
) {
  const timed = [];
  for (const [what, work] of Object.entries(works)) {
    const clock = timer(work);
    await clock.warmUp();
    const calls = Math.max(1, Math.round(0.1 / (await timeOf(work, 200))));
    timed.push({ what, work, calls, samples: /** @type {number[]} */ ([]) });
  }
  for (let turn = 0; turn < turns; turn++) {
    for (const { work, calls, samples } of timed) {
      // Others' weights are in the caches now.
      await timeOf(work, 5 * calls);
      for (let i = 0; i < samplesEachTurn; i++) samples.push((await timeOf(work, calls)) * 1e3);
    }
  }
  for (const { what, samples } of timed) {
    samples.sort((a, b) => a - b);
    const at = (/** @type {number} */ share) => Number(samples[Math.floor(share * samples.length)].toFixed(1));
    const [medianUs, tenthUs, leastUs] = [0.5, 0.1, 0].map(at);
    console.log(JSON.stringify({ case: name, what, medianUs, tenthUs, leastUs, samples: samples.length }));
  }
}

/** Milliseconds of one call. */
async function timeOf(/** @type {() => unknown} */ work, /** @type {number} */ calls) {
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    const result = work();
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) / calls;
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
