import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand, resolveAxis } from "./operands.ts";
import { denseStrides, withPlan } from "./strides.ts";

/**
 * Exchanges axes.
 *
 * y[i_axes[0], i_axes[1], ..] = x[i_0, i_1, ..]
 *
 * Axis d of the result is axis `axes[d]` of x; without `axes` the order is reversed, which for a matrix is xᵀ.
 *
 * @throws HiddenstateError `invalid` if `axes` does not name each axis of x once
 * @example
 * transpose(x, [1, 0, 2]);   // [B, T, F] to [T, B, F]
 */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  checkOperand("transpose", "x", x);
  const { kernels } = runtime().kernelSet;
  const order = resolveOrder(x.shape, axes);
  const y = empty(order.map((axis) => x.shape[axis]));
  const strides = denseStrides(x.shape);
  const xStrides = order.map((axis) => strides[axis]);
  const yStrides = denseStrides(y.shape);
  withPlan(y.shape, yStrides, xStrides, (plan) =>
    kernels.stridedCopy({ out: y.offset, x: x.offset, plan, accumulate: 0 }),
  );
  record({
    name: "transpose",
    inputs: [x],
    outputs: [y],
    backward: (pass) => {
      const target = pass.target(x);
      if (!target) return;
      const { offset: out, accumulate } = target;
      withPlan(y.shape, xStrides, yStrides, (plan) =>
        kernels.stridedCopy({ out, x: pass.gradient(y), plan, accumulate }),
      );
    },
  });
  return y;
}

function resolveOrder(shape: readonly number[], axes?: readonly number[]): number[] {
  if (axes === undefined) return [...shape.keys()].toReversed();
  const order = Array.isArray(axes) ? axes.map((axis: number) => resolveAxis("transpose", axis, shape)) : [];
  if (order.length !== shape.length || new Set(order).size !== shape.length) {
    throw new HiddenstateError(
      "invalid",
      `transpose: invalid axes: got ${shown(axes)}, expected each of the ${shape.length} axes of shape ${shown(shape)} once`,
    );
  }
  return order;
}
