import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { type Tensor, zeros } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand } from "./operands.ts";

/**
 * Adds up the rows of each segment, in their order. What stands in rows of no segment (padding, NaN even) reaches neither the
 * result nor a gradient.
 *
 * y[s, :] = Σ over rows r with segments[r] = s of x[r, :]; dL/dx[r, :] = dL/dy[segments[r], :], or zeros where segments[r] < 0
 *
 * x [R, F], segments int32 [R] with entries below `count` (not checked), result [count, F]: zeros for a segment without rows.
 *
 * @throws HiddenstateError `mismatch` if the sizes do not fit each other, `invalid` if segments is no int32 tensor
 * @example
 * segmentSum(tensor([1, NaN, 3], [3, 1]), tensor([1, -1, 1], [3], { dtype: "int32" }), 2);   // [[0], [4]]
 */
export function segmentSum(x: Tensor, segments: Tensor, count: number): Tensor {
  checkOperand("segmentSum", "x", x);
  checkOperand("segmentSum", "segments", segments, "int32");
  if (x.shape.length !== 2) {
    throw new HiddenstateError("mismatch", `segmentSum: mismatch in x: got ${shown(x.shape)}, expected [R, F]`);
  }
  const [rows, width] = x.shape;
  if (segments.size !== rows) {
    throw new HiddenstateError(
      "mismatch",
      `segmentSum: mismatch in segments: got ${segments.size} entries, expected ${rows}, one for each row of x`,
    );
  }
  const { kernels } = runtime().kernelSet;
  const y = zeros([count, width]);
  kernels.scatterAddRows({ out: y.offset, x: x.offset, index: segments.offset, rows, width });
  record({
    name: "segmentSum",
    inputs: [x, segments],
    outputs: [y],
    backward: (pass) => {
      const target = pass.target(x);
      if (!target) return;
      const { offset: out, accumulate } = target;
      kernels.gatherRows({ out, x: pass.gradient(y), index: segments.offset, rows, width, accumulate });
    },
  });
  return y;
}
