import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { elementCount, empty, Tensor } from "../../memory/tensor.ts";
import { resolveOptions } from "../../options.ts";
import { record } from "../tape.ts";
import { checkOperand, resolveAxis } from "./operands.ts";
import { denseStrides, withPlan } from "./strides.ts";

export interface SliceOptions {
  /** Default 0; negative ones count from the back. */
  axis?: number;
  /** The first index. Default 0. */
  start?: number;
  /** The index after the last. Default: the size of the axis. */
  end?: number;
}

/**
 * The part of x from `start` up to, not including, `end` along one axis.
 *
 * y[.., i, ..] = x[.., start + i, ..]; dL/dx is 0 outside of the part
 *
 * x [.., size, ..], result [.., end - start, ..]. Along axis 0 y shares the memory of x; along others it is a copy. Negative `start`
 * and `end` count from the back. An int32 x can be cut along axis 0 only.
 *
 * @throws HiddenstateError `invalid` if not 0 <= start <= end <= size or there is no such axis, `unknown` for an unknown option,
 *   `unsupported` for int32 along another axis than 0
 * @example
 * const last = slice(output, { start: -1 });   // the last time step of [T, B, H], as [1, B, H]
 */
export function slice(x: Tensor, options: SliceOptions): Tensor {
  if (!(x instanceof Tensor)) checkOperand("slice", "x", x);
  const { axis, start, end } = resolvePart(x, options);
  if (x.dtype === "int32" && axis !== 0) {
    throw new HiddenstateError(
      "unsupported",
      `slice: unsupported axis ${axis} for an int32 tensor; only axis 0 can be cut`,
    );
  }
  const shape = x.shape.with(axis, end - start);
  // x as [outer, size, inner]: the part is outer runs of (end - start) * inner elements.
  const inner = elementCount(x.shape.slice(axis + 1));
  const sizes = [elementCount(x.shape.slice(0, axis)), (end - start) * inner];
  const strides = [x.shape[axis] * inner, 1];
  const first = start * inner;

  let y: Tensor;
  if (axis === 0) {
    y = x.view(shape, first);
  } else {
    y = empty(shape);
    copyPart(y.offset, denseStrides(sizes), at(x.offset, first), strides, sizes, 0);
  }
  record({
    name: "slice",
    inputs: [x],
    outputs: [y],
    backward: (pass) => {
      const target = pass.partialTarget(x);
      if (target) copyPart(at(target.offset, first), strides, pass.gradient(y), denseStrides(sizes), sizes, 1);
    },
  });
  return y;
}

function resolvePart(x: Tensor, options: SliceOptions): { axis: number; start: number; end: number } {
  const given = resolveOptions("slice", options, {
    axis: { type: "integer", default: 0 },
    start: { type: "integer", default: 0 },
    end: { type: "integer", optional: true },
  });
  const axis = resolveAxis("slice", given.axis, x.shape);
  const size = x.shape[axis];
  const fromFront = (index: number): number => (index < 0 ? index + size : index);
  const start = fromFront(given.start);
  const end = fromFront(given.end ?? size);
  if (start < 0 || end > size || start > end) {
    throw new HiddenstateError(
      "invalid",
      `slice: invalid range: got ${given.start} to ${given.end ?? size}, ` +
        `expected 0 <= start <= end <= ${size} (axis ${axis} of shape ${shown(x.shape)})`,
    );
  }
  return { axis, start, end };
}

/** The place of an element, counted from an offset. */
function at(offset: number, element: number): number {
  return offset + element * runtime().kernelSet.bytesPerFloat;
}

function copyPart(
  out: number,
  outStrides: readonly number[],
  x: number,
  xStrides: readonly number[],
  sizes: readonly number[],
  accumulate: 0 | 1,
): void {
  withPlan(sizes, outStrides, xStrides, (plan) =>
    runtime().kernelSet.kernels.stridedCopy({ out, x, plan, accumulate }),
  );
}
