// How far the vector approximations of exp, log, tanh and sigmoid are from the exact values, in units in the last place of a float32.

/** @typedef {import("../core/src/kernels/kernels.ts").KernelSet} KernelSet */
/** @typedef {{ name: string, operation: number, exact: (x: number) => number, bound: number }} Approximation */

/**
 * What is approximated, by which operation of the kernel `unary`, and within how many units in the last place. The bounds
 * are the exhaustive sweep's results (sweep-results.md), rounded up; the worse of the two instruction sets.
 * @type {Approximation[]}
 */
export const approximations = [
  { name: "exp", operation: 3, exact: Math.exp, bound: 1.02 },
  { name: "log", operation: 4, exact: Math.log, bound: 0.84 },
  { name: "tanh", operation: 0, exact: Math.tanh, bound: 2.7 },
  { name: "sigmoid", operation: 1, exact: (x) => 1 / (1 + Math.exp(-x)), bound: 2.5 },
];

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);
/** The spacing of float32 numbers, by the exponent field of a double of that size. */
const spacings = Float64Array.from({ length: 2048 }, (_, field) => 2 ** Math.max(field - 1023 - 23, -149));
/** From here on a double rounds to an infinite float32. */
const overflow = (2 - 2 ** -24) * 2 ** 127;
const smallestNormal = 2 ** -126;

/**
 * The error in units in the last place. Below the smallest normal number results may be 0 (the kernels do without denormals);
 * anything else that should be 0, infinite or NaN and is not counts as Infinity.
 * @param {number} got
 * @param {number} exact
 */
export function error(got, exact) {
  if (Math.abs(exact) < smallestNormal) return Math.abs(got) <= smallestNormal ? 0 : Infinity;
  if (Math.abs(exact) < overflow) {
    double[0] = exact;
    const result = Math.abs(got - exact) / spacings[(words[1] >>> 20) & 2047];
    return result === result ? result : Infinity;
  }
  return Object.is(got, exact) || got === Math.fround(exact) ? 0 : Infinity;
}

/**
 * The largest error over a block of inputs.
 * @param {KernelSet} set
 * @param {number} operation
 * @param {Int32Array} bits the inputs' bits
 * @param {ArrayLike<number>} exact
 * @returns {{ largest: number, index: number }}
 */
export function largestError(set, operation, bits, exact) {
  const x = set.heapStart;
  const out = x + 4 * bits.length;
  set.reserve(out + 4 * bits.length);
  set.writeInts(x, bits);
  set.kernels.unary({ out, x, count: bits.length, operation });
  const got = set.readFloats(out, bits.length);
  let largest = 0;
  let index = 0;
  for (let i = 0; i < bits.length; i++) {
    const found = error(got[i], exact[i]);
    if (found > largest) [largest, index] = [found, i];
  }
  return { largest, index };
}
