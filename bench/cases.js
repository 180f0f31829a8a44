/**
 * What is measured: a case's name says all of it. CELL-LxH-bB-tT-vV, for example `lstm-2x256-b32-t64-v64`, is an embedding of
 * width H, L recurrent layers of H, and a linear layer to V classes, on B sequences of T steps. The suffix `-mixed` gives the
 * sequences various lengths from 5 to T; then only true steps count.
 *
 * @typedef {"rnn" | "lstm" | "gru" | "transformer"} CellName
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {CellName} cell
 * @property {number} layers
 * @property {number} hidden
 * @property {number} batch
 * @property {number} steps
 * @property {number} vocabulary
 * @property {number[] | null} lengths of the batch's sequences; null: all are T
 * @property {number} tokens true steps in a batch
 */

/** The cases that a run without `--case` measures. */
export const standardCases = [
  "lstm-1x128-b32-t50-v64",
  "lstm-2x256-b32-t64-v64",
  "lstm-2x512-b64-t64-v96",
  "gru-2x256-b32-t64-v64",
  "gru-2x512-b64-t64-v96",
  "rnn-2x256-b32-t64-v64",
  "lstm-2x200-b20-t20-v10000",
  "lstm-2x256-b32-t64-v64-mixed",
];

/** Matrices of H x H in a layer, for its input and for its state; those of a Transformer are for neither. */
const gates = { rnn: 1, lstm: 4, gru: 3, transformer: 6 };

/**
 * @param {string} name
 * @returns {Case | null} null for a name that is none
 */
export function parseCase(name) {
  const match = /^(rnn|lstm|gru|transformer)-([1-9]\d*)x([1-9]\d*)-b([1-9]\d*)-t([1-9]\d*)-v([1-9]\d*)(-mixed)?$/.exec(
    name,
  );
  if (!match || (match[1] === "transformer" && match[7])) return null;
  const [layers, hidden, batch, steps, vocabulary] = match.slice(2, 7).map(Number);
  const lengths = match[7] ? mixedLengths(batch, steps) : null;
  const tokens = lengths ? lengths.reduce((sum, length) => sum + length, 0) : batch * steps;
  const cell = /** @type {CellName} */ (match[1]);
  return { name, cell, layers, hidden, batch, steps, vocabulary, lengths, tokens };
}

/**
 * Lengths spread evenly over 5 to T, in an order that looks random, the first one T: a uniform draw without the luck of one, and
 * the same in every language.
 *
 * @param {number} batch
 * @param {number} steps
 */
function mixedLengths(batch, steps) {
  const spread = Math.max(1, steps - 4);
  return Array.from({ length: batch }, (_, row) => (row === 0 ? steps : Math.min(steps, 5 + ((row * 37) % spread))));
}

/**
 * Multiplications and additions of a training step's matrix products: forward, and twice that backward.
 * @param {Case} shape
 */
export function trainingFlops(shape) {
  return 3 * forwardFlops(shape) + 6 * shape.tokens * shape.hidden * shape.vocabulary;
}

/**
 * Those of its kernels that are nothing but a matrix product: the gradients of the recurrent layers' weights and inputs, and the
 * linear layer. The rest is in the recurrences.
 * @param {Case} shape
 */
export function productFlops({ tokens, layers, cell, hidden, vocabulary }) {
  return 6 * tokens * (layers * gates[cell] * hidden * hidden + hidden * vocabulary);
}

/**
 * Those of the recurrent layers' way forward alone.
 * @param {Case} shape
 */
export function forwardFlops({ tokens, layers, cell, hidden, steps }) {
  // A step of a causal Transformer looks at half of the others on average, in two products.
  const attended = cell === "transformer" ? steps : 0;
  return 2 * tokens * layers * hidden * (gates[cell] * 2 * hidden + attended);
}
