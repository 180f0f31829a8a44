/**
 * What the kernels were built to reach, on one thread in WebAssembly, training lstm-2x256-b32-t64-v64.
 *
 * @typedef {object} Target
 * @property {string} what
 * @property {number} nodeMajor
 * @property {string} case
 * @property {string} unit
 * @property {number} least
 * @property {(row: import("./conduct.js").Row) => number | undefined} value
 */

const trained = "lstm-2x256-b32-t64-v64";

/** @type {readonly Target[]} */
export const targets = [20, 24].flatMap((nodeMajor) => [
  {
    what: `trains on Node ${nodeMajor}`,
    nodeMajor,
    case: trained,
    unit: " GFLOP/s",
    least: nodeMajor === 20 ? 25 : 40,
    value: (row) => row.trainGflops,
  },
  {
    what: `the same beside tfjs-wasm on Node ${nodeMajor}`,
    nodeMajor,
    case: trained,
    unit: "x",
    least: nodeMajor === 20 ? 7 : 12,
    value: (row) => row.times?.["tfjs-wasm"]?.train,
  },
]);
