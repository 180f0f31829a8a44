import { recurrenceGates } from "../signatures/cells.ts";
import type { KernelArguments, KernelName } from "../kernels.ts";

/** What is shared out, and how much makes it worth it. */
export interface Sharing {
  threads: number;
  /** Nanoseconds of work that are worth a part of their own: some times what it takes to hand them over. */
  least: number;
  /** Multiplications and additions of a matrix product in a nanosecond, on one thread. */
  speed: number;
  /** Reads a 32-bit whole number in the heap: how long segments are stands only there. */
  readInt: (offset: number) => number;
}
type PartsOf<K extends KernelName> = (args: KernelArguments<K>, sharing: Sharing) => number;

/** Nanoseconds for one element, moved or added, and computed with exp, tanh or a division. */
const moved = 0.4;
const computed = 1;

/** How many parts for so many nanoseconds, where there can be at most `most`. */
function cut({ threads, least }: Sharing, nanoseconds: number, most: number): number {
  return Math.max(1, Math.trunc(Math.min(threads, most, nanoseconds / least)) || 1);
}

const elements = (sharing: Sharing, count: number, each: number): number => cut(sharing, count * each, count / 64);
const product = (sharing: Sharing, m: number, n: number, k: number): number =>
  cut(sharing, (2 * m * n * k) / sharing.speed, Math.max(m, n / 16));

interface Recurrence {
  rows: number;
  hiddenSize: number;
  batch: number;
}
/** A recurrence is dealt by batch rows; fewer than four rows to a part would leave the multipliers half idle. */
function recurrence(sharing: Sharing, gates: number, inputs: number, { rows, hiddenSize, batch }: Recurrence): number {
  const each = (2 * (hiddenSize + inputs)) / sharing.speed + computed;
  return cut(sharing, rows * gates * hiddenSize * each, batch / 4);
}

/** One step of 8-bit weights, of which every part reads all. */
function stepOfInt8(
  sharing: Sharing,
  gates: number,
  a: { rows: number; inputSize: number; hiddenSize: number },
): number {
  const each = (2 * (a.hiddenSize + a.inputSize)) / sharing.speed + computed;
  return cut(sharing, a.rows * gates * a.hiddenSize * each, a.rows / 4);
}

/** For one row and one place that it looks at. */
const attended = ({ vector, keySize, valueSize }: { vector: number; keySize: number; valueSize: number }): number =>
  keySize * (vector ? computed : moved / 4) + valueSize * (moved / 4);

/** Attention is dealt by sequence and head; `products`: multiplications and additions for each number of a head and pair of rows. */
function attention(
  sharing: Sharing,
  a: { sequences: number; sequenceCount: number; heads: number; headSize: number },
  products: number,
): number {
  let pairs = 0;
  for (let s = 0; s < a.sequenceCount; s++) {
    const [rows, past] = [1, 4].map((entry) => sharing.readInt(a.sequences + (s * 5 + entry) * 4));
    pairs += rows * (rows + past);
  }
  const each = (products * a.headSize) / sharing.speed + 2 * computed;
  return cut(sharing, pairs * a.heads * each, a.sequenceCount * a.heads);
}

/** Elements in all segments of a table whose rows have `width` words, the count in the last. */
function segments(
  { readInt }: Sharing,
  { segments: table, segmentCount }: { segments: number; segmentCount: number },
  width: number,
): number {
  let sum = 0;
  for (let s = 1; s <= segmentCount; s++) sum += readInt(table + (s * width - 1) * 4);
  return sum;
}

/** Elements that a plan (six sizes, then strides) goes over. */
function planned({ readInt }: Sharing, { plan }: { plan: number }): number {
  let count = 1;
  for (let axis = 0; axis < 6; axis++) count *= readInt(plan + axis * 4);
  return count;
}

/**
 * In how many parts a call is worth doing, for all kernels that can be done in parts and that take long. The others are done by
 * the calling thread.
 */
export const partsOf: { readonly [K in KernelName]?: PartsOf<K> } = {
  fill: (a, s) => elements(s, a.count, moved),
  unary: (a, s) => elements(s, a.count, computed),
  unaryBackward: (a, s) => elements(s, a.count, computed),
  binary: (a, s) => elements(s, planned(s, a), moved),
  stridedCopy: (a, s) => elements(s, planned(s, a), moved),
  reduceSum: (a, s) => elements(s, a.outer * a.reduced * a.inner, moved),

  gemm: (a, s) => product(s, a.m, a.n, a.k),
  gemmPacked: (a, s) => product(s, a.m, a.n, a.k),
  pack: (a, s) => cut(s, a.k * a.n * moved, a.n / 16),
  packGates: (a, s) => cut(s, a.gates * a.hiddenSize * a.inputs * moved, a.hiddenSize / 16),
  gateWeightGradient: (a, s) =>
    cut(s, (2 * a.rows * a.gateCount * a.hiddenSize * a.inputs) / s.speed, Math.max(a.hiddenSize, a.inputs) / 16),
  gateBiasGradient: (a, s) => cut(s, a.rows * a.gates * a.hiddenSize * moved, a.hiddenSize / 16),
  unpackGates: (a, s) => elements(s, a.rows * a.gates * a.hiddenSize, moved),

  rnnForward: (a, s) => recurrence(s, 1, a.inputSize, a),
  rnnBackward: (a, s) => recurrence(s, 1, 0, a),
  lstmForward: (a, s) => recurrence(s, 4, a.inputSize, a),
  lstmBackward: (a, s) => recurrence(s, 4, 0, a),
  gruForward: (a, s) => recurrence(s, 3, a.inputSize, a),
  gruBackward: (a, s) => recurrence(s, 3, 0, a),
  cellForward: (a, s) => recurrence(s, recurrenceGates[a.kind], 0, a),
  cellBackward: (a, s) => recurrence(s, recurrenceGates[a.kind], 0, a),
  gemmInt8: (a, s) => product(s, a.m, a.n, a.k),
  rnnStepInt8: (a, s) => stepOfInt8(s, 1, a),
  lstmStepInt8: (a, s) => stepOfInt8(s, 4, a),
  gruStepInt8: (a, s) => stepOfInt8(s, 3, a),

  gatherRows: (a, s) => elements(s, a.rows * a.width, moved),
  scatterRows: (a, s) => elements(s, a.rows * a.width, moved),
  scatterAddRows: (a, s) => cut(s, a.rows * a.width * moved, a.width / 16),
  segmentMax: (a, s) => cut(s, a.rows * a.width * moved, a.width / 16),
  softmax: (a, s) => cut(s, a.rows * a.width * 2 * computed, a.rows),
  softmaxBackward: (a, s) => cut(s, a.rows * a.width * computed, a.rows),
  layerNorm: (a, s) => cut(s, a.rows * a.width * Math.max(1, a.gates) * 2 * moved, a.rows),
  layerNormBackward: (a, s) => cut(s, a.rows * a.width * Math.max(1, a.gates) * 2 * moved, a.rows),
  crossEntropy: (a, s) => cut(s, a.rows * a.classes * computed, a.rows),
  crossEntropyBackward: (a, s) => cut(s, a.rows * a.classes * computed, a.rows),
  rotatePositions: (a, s) => elements(s, a.rows * a.width, moved),
  attentionForward: (a, s) => attention(s, a, 4),
  attentionBackward: (a, s) => attention(s, a, 10),
  crfForward: (a, s) => cut(s, a.steps * a.batch * a.tagCount ** 2 * 2 * computed, a.batch),
  crfBackward: (a, s) => cut(s, a.steps * a.batch * a.tagCount ** 2 * computed, a.batch),
  crfTransitionGradient: (a, s) => cut(s, a.steps * a.batch * a.tagCount ** 2 * computed, a.tagCount),
  attendForward: (a, s) => cut(s, a.rows * a.steps * attended(a), a.rows),
  attendBackward: (a, s) => cut(s, 3 * a.rows * a.steps * attended(a), a.batch),
  dropout: (a, s) => cut(s, a.rows * a.width * 2 * computed, a.rows),

  globalNorm: (a, s) => elements(s, segments(s, a, 2), moved),
  clipByNorm: (a, s) => elements(s, segments(s, a, 2), moved),
  clipByValue: (a, s) => elements(s, segments(s, a, 2), moved),
  adam: (a, s) => elements(s, segments(s, a, 5), computed),
  sgd: (a, s) => elements(s, segments(s, a, 4), moved),
};
