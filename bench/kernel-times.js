import { runtime } from "../packages/core/dist/memory/runtime.js";

/** Kernels that are nothing but a matrix product. */
export const matrixProducts = ["gemm", "gemmPacked", "gateWeightGradient"];

/**
 * Runs a piece of work with each kernel, or each of the named, in another's hands.
 *
 * @param {readonly string[] | null} names null: all
 * @param {(name: string, args: Record<string, number>, run: () => void) => void} around
 * @param {() => void} work
 */
export function withKernels(names, around, work) {
  const kernels = /** @type {Record<string, (args: Record<string, number>) => void>} */ (
    /** @type {unknown} */ (runtime().kernelSet.kernels)
  );
  const before = { ...kernels };
  for (const name of names ?? Object.keys(before))
    kernels[name] = (args) => around(name, args, () => before[name](args));
  try {
    work();
  } finally {
    Object.assign(kernels, before);
  }
}

/**
 * Milliseconds that a piece of work spends in the named kernels.
 *
 * @param {readonly string[]} names
 * @param {() => void} work
 */
export function timeInKernels(names, work) {
  let ms = 0;
  withKernels(
    names,
    (_name, _args, run) => {
      const start = performance.now();
      run();
      ms += performance.now() - start;
    },
    work,
  );
  return ms;
}
