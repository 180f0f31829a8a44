import { HiddenstateError, shown } from "../../errors.ts";
import { checkShape, elementCount, Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";

/**
 * The same numbers in the same order under another shape, without a copy.
 *
 * y and x share memory: no number moves; dL/dx is dL/dy in the shape of x
 *
 * x [any], result `shape`; one size may be -1: as many as are left over. x may also be int32.
 *
 * @throws HiddenstateError `mismatch` if the number of elements differs, `invalid` for a shape that is none
 * @example
 * const rows = reshape(output, [-1, hiddenSize]);   // [T, B, H] to [T*B, H]
 */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  if (!(x instanceof Tensor)) {
    throw new HiddenstateError("invalid", `reshape: invalid x: got ${shown(x)}, expected a tensor`);
  }
  const y = x.view(fillIn(x, shape));
  record({
    name: "reshape",
    inputs: [x],
    outputs: [y],
    backward: (pass) => pass.passOn(y, x),
  });
  return y;
}

function fillIn(x: Tensor, shape: readonly number[]): readonly number[] {
  const open = Array.isArray(shape) ? shape.indexOf(-1) : -1;
  let filled = shape;
  if (open >= 0) {
    const others = elementCount(checkShape("reshape", shape.toSpliced(open, 1)));
    filled = shape.with(open, others > 0 ? Math.floor(x.size / others) : 0);
  }
  if (elementCount(checkShape("reshape", filled)) !== x.size) {
    throw new HiddenstateError(
      "mismatch",
      `reshape: mismatch in shape: got ${shown(shape)} for ${x.size} elements (shape ${shown(x.shape)}), expected a shape of as many`,
    );
  }
  return [...filled];
}
