// TensorFlow.js's side of a case.  usage: node tfjs.js CASE 1 tfjs-wasm|tfjs-cpu; then see ../serve.js
//
// In its favour: inputs are random vectors of width V in place of an embedding, and nothing is clipped.
import path from "node:path";
import { parseCase } from "../cases.js";
import { residentMemory } from "../resident-memory.js";
import { serve } from "../serve.js";
import { fromPeers, versionOf } from "./from-peers.js";

const { cell, layers, hidden, batch, steps, vocabulary } = /** @type {import("../cases.js").Case} */ (
  parseCase(process.argv[2])
);
const backend = process.argv[4] === "tfjs-cpu" ? "cpu" : "wasm";

// It greets on the console, and warns of what its layers ignore.
console.log = console.info = console.warn = () => {};
const tf = fromPeers("@tensorflow/tfjs");
if (backend === "wasm") {
  const wasm = fromPeers("@tensorflow/tfjs-backend-wasm");
  const binary = fromPeers.resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm");
  wasm.setWasmPaths(`${path.dirname(binary)}/`);
}
await tf.setBackend(backend);
await tf.ready();

const idleMb = residentMemory().nowMb;
const layer = { rnn: "simpleRNN", lstm: "lstm", gru: "gru", transformer: "" }[cell];
const model = tf.sequential();
for (let l = 0; l < layers; l++) {
  const inputShape = l === 0 ? { inputShape: [steps, vocabulary] } : {};
  // Its default, orthogonal, takes minutes to initialise.
  const options = { units: hidden, returnSequences: true, recurrentInitializer: "glorotUniform", ...inputShape };
  model.add(tf.layers[layer](options));
}
model.add(tf.layers.dense({ units: vocabulary, activation: "softmax" }));
model.compile({ optimizer: tf.train.adam(1e-3), loss: "categoricalCrossentropy" });
const x = tf.randomUniform([batch, steps, vocabulary]);
const classes = tf.randomUniform([batch * steps], 0, vocabulary, "int32");
const y = tf.oneHot(classes, vocabulary).reshape([batch, steps, vocabulary]);

const facts = { version: versionOf("@tensorflow/tfjs"), node: process.version };
await serve(facts, { train: () => model.trainOnBatch(x, y) }, idleMb);
