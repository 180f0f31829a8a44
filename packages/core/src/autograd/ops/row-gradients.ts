import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import type { BackwardPass, DeferredGradient, GradientTarget } from "../backward.ts";
import { copyDense } from "../copy.ts";

/**
 * A parameter's gradient as one sum over rows: of all time steps, or of many single steps gathered.
 *
 * - `gates`: a weight [G*H, K], slab^T x, the rows of gates firstGate .. firstGate + gateCount - 1
 * - `gateColumns`: a bias [G*H], the slab's column sums
 * - `columns`: column sums of a matrix [N, F]
 * - `product`: a weight [O, K], y^T x
 */
export type RowGradient =
  | { sum: "gates"; parameter: Tensor; rows: [slab: Tensor, x: Tensor]; firstGate: number; gateCount: number }
  | { sum: "gateColumns"; parameter: Tensor; rows: [slab: Tensor] }
  | { sum: "columns"; parameter: Tensor; rows: [x: Tensor] }
  | { sum: "product"; parameter: Tensor; rows: [y: Tensor, x: Tensor] };

/** Gates G and units H of the slabs. */
export interface GateSizes {
  gates: number;
  hiddenSize: number;
}

/**
 * Adds gradients of parameters, one kernel each over all rows. Single steps are put off and gathered, so that a hand-written loop of steps
 * costs one product for each weight too.
 *
 * @param key stands for the parameters: steps under one key are gathered
 */
export function addRowGradients(
  pass: BackwardPass,
  key: object,
  sizes: GateSizes,
  gradients: readonly RowGradient[],
  steps: number,
): void {
  // What computed a weight goes back over the tape before the end of the pass: its gradient can't wait for that.
  if (steps > 1 || gradients.some(({ parameter }) => parameter.node)) sumRows(pass, sizes, gradients);
  else pass.deferred(key, () => new GatheredSteps(sizes)).add(gradients);
}

/** The rows of many single steps that used the same parameters. */
class GatheredSteps implements DeferredGradient {
  readonly #sizes: GateSizes;
  readonly #steps: (readonly RowGradient[])[] = [];

  constructor(sizes: GateSizes) {
    this.#sizes = sizes;
  }

  /** Holds on to the memory of the step's tensors, which end with their tape node. */
  add(gradients: readonly RowGradient[]): void {
    this.#steps.push(withRows(gradients, (rows) => rows.view(rows.shape)));
  }

  finish(pass: BackwardPass): void {
    const steps = this.#steps;
    // Rows that several gradients share are stacked once: which those are is the same in every step.
    const places = new Map<Tensor, [gradient: number, row: number]>();
    steps[0].forEach(({ rows }, g) => rows.forEach((row, r) => places.set(row, [g, r])));
    const stacked = withRows(steps[0], (rows) => {
      const [g, r] = places.get(rows)!;
      return stackRows(steps.map((step) => step[g].rows[r]));
    });
    sumRows(pass, this.#sizes, stacked);
  }
}

/** The same gradients over other tensors; a tensor that occurs twice is changed once. */
function withRows(gradients: readonly RowGradient[], change: (rows: Tensor) => Tensor): RowGradient[] {
  const changed = new Map<Tensor, Tensor>();
  const once = (rows: Tensor): Tensor => {
    if (!changed.has(rows)) changed.set(rows, change(rows));
    return changed.get(rows)!;
  };
  return gradients.map((gradient) => ({ ...gradient, rows: gradient.rows.map(once) }) as RowGradient);
}

/** One tensor with the rows of all parts, which end. */
function stackRows(parts: readonly Tensor[]): Tensor {
  const { kernelSet } = runtime();
  const width = parts[0].shape[1];
  const stacked = empty([parts.reduce((rows, part) => rows + part.shape[0], 0), width]);
  let out = stacked.offset;
  for (const part of parts) {
    copyDense(out, part.offset, part.size);
    out += part.size * kernelSet.bytesPerFloat;
    part.end();
  }
  return stacked;
}

function sumRows(pass: BackwardPass, sizes: GateSizes, gradients: readonly RowGradient[]): void {
  const weights = new Map<Tensor, GradientTarget | null>();
  // Most recurrences add both biases to the same sum.
  const sums = new Map<Tensor, GradientTarget>();
  for (const gradient of gradients) {
    const { parameter } = gradient;
    // A weight may have several parts, all written by this: one target.
    if (!weights.has(parameter)) weights.set(parameter, pass.target(parameter));
    const target = weights.get(parameter);
    if (!target) continue;
    const known = gradient.sum === "gateColumns" ? sums.get(gradient.rows[0]) : undefined;
    if (known && target.accumulate === 0) {
      copyDense(target.offset, known.offset, parameter.size);
      continue;
    }
    sumOne(target, sizes, gradient);
    if (gradient.sum === "gateColumns" && target.accumulate === 0) sums.set(gradient.rows[0], target);
  }
}

function sumOne({ offset, accumulate }: GradientTarget, sizes: GateSizes, gradient: RowGradient): void {
  const { kernels } = runtime().kernelSet;
  const [first] = gradient.rows;
  const [rows, width] = first.shape as [number, number];
  switch (gradient.sum) {
    case "gates": {
      const { firstGate, gateCount } = gradient;
      const [, x] = gradient.rows;
      const inputs = x.shape[1];
      return kernels.gateWeightGradient({
        gradWeight: offset,
        accumulate,
        gateGradients: first.offset,
        x: x.offset,
        xStride: inputs,
        inputs,
        rows,
        ...sizes,
        firstGate,
        gateCount,
      });
    }
    case "gateColumns":
      return kernels.gateBiasGradient({ gradBias: offset, accumulate, gateGradients: first.offset, rows, ...sizes });
    case "columns":
      return kernels.reduceSum({
        out: offset,
        accumulate,
        x: first.offset,
        outer: 1,
        reduced: rows,
        inner: width,
        scale: 1,
      });
    case "product": {
      const [, x] = gradient.rows;
      const n = x.shape[1];
      return kernels.gemm({
        c: offset,
        accumulate,
        a: first.offset,
        b: x.offset,
        bias: 0,
        m: width,
        n,
        k: rows,
        cStride: n,
        aStride: width,
        bStride: n,
        transposeA: 1,
        transposeB: 0,
      });
    }
  }
}
