import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand } from "./operands.ts";

/**
 * Takes rows in another order, each at most once: how padded batches are packed and unpacked. What stands in rows that are not
 * taken (padding, NaN even) reaches neither the result nor a gradient.
 *
 * y[n, :] = x[index[n], :], or zeros where index[n] = -1; dL/dx[r, :] = dL/dy[inverse[r], :], or zeros where inverse[r] = -1
 *
 * x [R, F], index int32 [N], inverse int32 [R], result [N, F]. Entries of `index` other than -1 are different, and inverse[r] is
 * the n with index[n] = r, or -1 (neither is checked).
 *
 * @throws HiddenstateError `mismatch` if the sizes do not fit each other, `invalid` if index or inverse is no int32 tensor
 * @example
 * const index = tensor([2, 0], [2], { dtype: "int32" });
 * const inverse = tensor([1, -1, 0], [3], { dtype: "int32" });
 * gatherRows(tensor([1, NaN, 3], [3, 1]), index, inverse);   // [[3], [1]]
 */
export function gatherRows(x: Tensor, index: Tensor, inverse: Tensor): Tensor {
  checkOperand("gatherRows", "x", x);
  checkOperand("gatherRows", "index", index, "int32");
  checkOperand("gatherRows", "inverse", inverse, "int32");
  if (x.shape.length !== 2) {
    throw new HiddenstateError("mismatch", `gatherRows: mismatch in x: got ${shown(x.shape)}, expected [R, F]`);
  }
  const [rows, width] = x.shape;
  if (inverse.size !== rows) {
    throw new HiddenstateError(
      "mismatch",
      `gatherRows: mismatch in inverse: got ${inverse.size} entries, expected ${rows}, one for each row of x`,
    );
  }
  const { kernels } = runtime().kernelSet;
  const y = empty([index.size, width]);
  kernels.gatherRows({ out: y.offset, x: x.offset, index: index.offset, rows: index.size, width, accumulate: 0 });
  record({
    name: "gatherRows",
    inputs: [x, index, inverse],
    outputs: [y],
    backward: (pass) => {
      const target = pass.target(x);
      if (!target) return;
      const { offset: out, accumulate } = target;
      kernels.gatherRows({ out, x: pass.gradient(y), index: inverse.offset, rows, width, accumulate });
    },
  });
  return y;
}
