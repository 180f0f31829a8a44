import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { resolveOptions } from "../../options.ts";
import { record } from "../tape.ts";
import { checkOperand, resolveAxis } from "./operands.ts";
import { broadcastStrides, denseStrides, withPlan } from "./strides.ts";
import { sumTo } from "./sum-to.ts";

export interface ReduceOptions {
  /** The axis to go over, or several; negative ones count from the back. Default: all of them. */
  axis?: number | readonly number[] | null;
  /** Whether the axes stay, with size 1. Default false. */
  keepDims?: boolean;
}

/**
 * Sums over all elements, or along axes.
 *
 * y[i] = Σ_r x[i, r]; dL/dx[i, r] = dL/dy[i]
 *
 * The shape is that of x without the axes summed over (of size 1 with `keepDims`): [] when all are.
 *
 * @throws HiddenstateError `invalid` if x has no such axis, `unknown` for an option that nobody knows
 * @example
 * sum(tensor([1, 2, 3, 4], [2, 2]), { axis: 0 });   // [4, 6]
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce("sum", x, options);
}

/**
 * The arithmetic mean of all elements, or along axes; NaN of no elements.
 *
 * y[i] = 1/n Σ_r x[i, r]; dL/dx[i, r] = 1/n dL/dy[i]
 *
 * Shapes as for `sum`.
 *
 * @throws HiddenstateError `invalid` if x has no such axis, `unknown` for an option that nobody knows
 * @example
 * mean(tensor([1, 2, 3, 4], [2, 2]));   // 2.5
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduce("mean", x, options);
}

function reduce(name: "sum" | "mean", x: Tensor, options: ReduceOptions): Tensor {
  checkOperand(name, "x", x);
  const { axis, keepDims } = resolveOptions(name, options, {
    axis: { type: "any", optional: true },
    keepDims: { type: "boolean", default: false },
  });
  const axes = resolveAxes(name, axis ?? null, x.shape);
  const kept = x.shape.map((size, i) => (axes.has(i) ? 1 : size));
  const y = empty(keepDims ? kept : x.shape.filter((_, i) => !axes.has(i)));
  let count = 1;
  for (const i of axes) count *= x.shape[i];
  const scale = name === "mean" ? 1 / count : 1;
  sumTo({ offset: y.offset, accumulate: 0 }, kept, x.offset, x.shape, scale);
  record({
    name,
    inputs: [x],
    outputs: [y],
    backward: (pass) => {
      const target = pass.target(x);
      if (!target) return;
      const { kernels } = runtime().kernelSet;
      const share = empty(kept);
      sumTo({ offset: share.offset, accumulate: 0 }, kept, pass.gradient(y), kept, scale);
      const { offset: out, accumulate } = target;
      withPlan(x.shape, denseStrides(x.shape), broadcastStrides(kept, x.shape), (plan) =>
        kernels.stridedCopy({ out, x: share.offset, plan, accumulate }),
      );
      share.end();
    },
  });
  return y;
}

function resolveAxes(name: string, axis: unknown, shape: readonly number[]): Set<number> {
  if (axis === null) return new Set(shape.keys());
  const listed: readonly number[] = Array.isArray(axis) ? axis : [axis];
  const axes = new Set(listed.map((each) => resolveAxis(name, each, shape)));
  if (axes.size < listed.length) {
    throw new HiddenstateError("invalid", `${name}: invalid axis: got ${shown(axis)}, expected each axis once`);
  }
  return axes;
}
