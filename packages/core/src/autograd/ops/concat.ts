import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { elementCount, empty, type Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand, resolveAxis } from "./operands.ts";
import { denseStrides, withPlan } from "./strides.ts";

/**
 * Joins tensors along one axis, in their order.
 *
 * y[.., start_p + i, ..] = parts[p][.., i, ..]
 *
 * Shapes are equal except along `axis` (negative: from the back), where sizes add up. A tensor may occur twice.
 *
 * @throws HiddenstateError `mismatch` if other sizes differ, `invalid` for no parts or no such axis
 * @example
 * concat([forward, backward], -1);   // [T, B, H] twice to [T, B, 2H]
 */
export function concat(parts: readonly Tensor[], axis = 0): Tensor {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw new HiddenstateError(
      "invalid",
      `concat: invalid parts: got ${shown(parts)}, expected an array of at least one tensor`,
    );
  }
  const tensors: readonly Tensor[] = [...parts];
  tensors.forEach((part, i) => checkOperand("concat", `parts[${i}]`, part));
  const shape = [...tensors[0].shape];
  const along = resolveAxis("concat", axis, shape);
  checkShapes(tensors, along);
  shape[along] = tensors.reduce((total, part) => total + part.shape[along], 0);
  const y = empty(shape);

  const { kernels, bytesPerFloat } = runtime().kernelSet;
  const inner = elementCount(shape.slice(along + 1));
  const outer = elementCount(shape.slice(0, along));
  const yStrides = [shape[along] * inner, 1];
  /** Calls back for each part with its place in y, in bytes from the start, and its sizes as [outer, width]. */
  const eachPart = (visit: (part: Tensor, start: number, sizes: number[]) => void): void => {
    let start = 0;
    for (const part of tensors) {
      const width = part.shape[along] * inner;
      visit(part, start * bytesPerFloat, [outer, width]);
      start += width;
    }
  };

  eachPart((part, start, sizes) =>
    withPlan(sizes, yStrides, denseStrides(sizes), (plan) =>
      kernels.stridedCopy({ out: y.offset + start, x: part.offset, plan, accumulate: 0 }),
    ),
  );
  record({
    name: "concat",
    inputs: tensors,
    outputs: [y],
    backward: (pass) => {
      const gradY = pass.gradient(y);
      eachPart((part, start, sizes) => {
        const target = pass.target(part);
        if (!target) return;
        const { offset: out, accumulate } = target;
        withPlan(sizes, denseStrides(sizes), yStrides, (plan) =>
          kernels.stridedCopy({ out, x: gradY + start, plan, accumulate }),
        );
      });
    },
  });
  return y;
}

function checkShapes(parts: readonly Tensor[], along: number): void {
  const first = parts[0].shape;
  parts.forEach(({ shape }, i) => {
    if (shape.length !== first.length || shape.some((size, axis) => axis !== along && size !== first[axis])) {
      throw new HiddenstateError(
        "mismatch",
        `concat: mismatch in parts[${i}]: got ${shown(shape)}, expected the sizes of parts[0], ${shown(first)}, ` +
          `except along axis ${along}`,
      );
    }
  });
}
