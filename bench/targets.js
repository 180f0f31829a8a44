/**
 * What the kernels were built to reach, each on one case.
 *
 * @typedef {object} Target
 * @property {string} what
 * @property {"native" | "wasm"} backend
 * @property {number} threads
 * @property {number} [nodeMajor] only where the Node version matters
 * @property {string} case
 * @property {string} unit
 * @property {number} [least]
 * @property {number} [most]
 * @property {(row: Row, rows: readonly Row[]) => number | undefined} value from our row and all of its run
 */

/** @typedef {import("./conduct.js").Row} Row */
/** @typedef {import("./phases.js").Phase} Phase */

const lstm = "lstm-2x256-b32-t64-v64";
const gru = "gru-2x256-b32-t64-v64";
const large = ["lstm-2x512-b64-t64-v96", "gru-2x512-b64-t64-v96"];
const narrow = "lstm-1x128-b32-t50-v64";
const mixed = `${lstm}-mixed`;

/** How many times as fast as a peer. @param {string} peer @param {Phase} phase @returns {Target["value"]} */
const over = (peer, phase) => (row) => row.times?.[peer]?.[phase];

/** One step of 8-bit weights beside a peer's of floats. @param {string} name @returns {Target["value"]} */
const int8Over =
  (name) =>
  ({ case: shape, threads, node, spread }, rows) => {
    const peer = rows.find(
      (one) => one.peer === name && one.case === shape && one.threads === threads && one.node === node,
    );
    const [ours, theirs] = [spread.streamInt8, peer?.spread.streamRecurrent];
    return ours && theirs && theirs.median / ours.median;
  };

/** Percent of a core's measured peak. @param {"poolGflops" | "productsGflops"} what @returns {Target["value"]} */
const shareOfPeak = (what) => (row) => row.peakGflops && row[what] && (100 * row[what]) / row.peakGflops;

/** Training on native kernels beside PyTorch. @param {string} name @param {number} threads @param {number} least @returns {Target} */
const beside = (name, threads, least) => ({
  what: `trains \`${name}\`, beside PyTorch`,
  backend: "native",
  threads,
  case: name,
  unit: "x",
  least,
  value: over("pytorch", "train"),
});

/** @type {Omit<Target, "what" | "unit" | "value">} */
const wasm = { backend: "wasm", threads: 1, case: lstm };
/** @type {Omit<Target, "what" | "unit" | "value">} */
const native = { backend: "native", threads: 1, case: lstm };

/** @type {readonly Target[]} */
export const targets = [
  { ...wasm, what: "trains, Node 20", nodeMajor: 20, unit: " GFLOP/s", least: 25, value: (row) => row.trainGflops },
  { ...wasm, what: "trains, Node 24", nodeMajor: 24, unit: " GFLOP/s", least: 40, value: (row) => row.trainGflops },
  { ...wasm, what: "beside tfjs-wasm, Node 20", nodeMajor: 20, unit: "x", least: 7, value: over("tfjs-wasm", "train") },
  {
    ...wasm,
    what: "beside tfjs-wasm, Node 24",
    nodeMajor: 24,
    unit: "x",
    least: 12,
    value: over("tfjs-wasm", "train"),
  },
  { ...wasm, what: "beside PyTorch, Node 24", nodeMajor: 24, unit: "x", least: 0.35, value: over("pytorch", "train") },
  {
    ...wasm,
    what: "forward, beside onnxruntime-web, Node 24",
    nodeMajor: 24,
    unit: "x",
    least: 1.6,
    value: over("onnxruntime-web", "forward"),
  },
  {
    ...wasm,
    what: "one step, beside onnxruntime-node",
    nodeMajor: 24,
    unit: "x",
    least: 1.2,
    value: over("onnxruntime-node", "streamRecurrent"),
  },
  {
    ...wasm,
    what: "one step with 8-bit weights, beside onnxruntime-node in fp32",
    nodeMajor: 24,
    unit: "x",
    least: 4,
    value: int8Over("onnxruntime-node"),
  },
  {
    ...wasm,
    what: "matrix products in a training step, of what a core can do",
    nodeMajor: 24,
    unit: " %",
    least: 75,
    value: shareOfPeak("productsGflops"),
  },
  beside(lstm, 1, 1.25),
  beside(lstm, 2, 1.15),
  beside(gru, 1, 1.4),
  beside(gru, 2, 1.4),
  beside(large[0], 1, 1.25),
  beside(large[0], 2, 1.15),
  beside(large[1], 1, 1.4),
  beside(large[1], 2, 1.4),
  beside(narrow, 1, 1.2),
  beside(narrow, 2, 1.1),
  beside("lstm-2x200-b20-t20-v10000", 1, 1.2),
  beside(mixed, 1, 2.4),
  beside(mixed, 2, 2.4),
  {
    ...native,
    what: "forward, beside onnxruntime-node",
    unit: "x",
    least: 1.15,
    value: over("onnxruntime-node", "forward"),
  },
  {
    ...native,
    what: "one step, beside onnxruntime-node",
    unit: "x",
    least: 1.3,
    value: over("onnxruntime-node", "streamRecurrent"),
  },
  {
    ...native,
    what: "one step with 8-bit weights, beside onnxruntime-node in fp32",
    unit: "x",
    least: 4,
    value: int8Over("onnxruntime-node"),
  },
  {
    ...native,
    what: "64 streams together, of what a core can do",
    unit: " %",
    least: 60,
    value: shareOfPeak("poolGflops"),
  },
  {
    ...native,
    what: "matrix products in a training step, of what a core can do",
    unit: " %",
    least: 75,
    value: shareOfPeak("productsGflops"),
  },
  {
    ...native,
    what: "memory above idle while training, beside PyTorch's",
    unit: "x",
    most: 0.5,
    value: (row, rows) => {
      const peer = rows.find((one) => one.peer === "pytorch" && one.case === row.case && one.threads === row.threads);
      return peer?.rssAboveIdleMb && row.rssAboveIdleMb ? row.rssAboveIdleMb / peer.rssAboveIdleMb : undefined;
    },
  },
];
