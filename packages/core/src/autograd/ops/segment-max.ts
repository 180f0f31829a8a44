import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { record } from "../tape.ts";
import { checkOperand } from "./operands.ts";

/**
 * The largest number of each column among the rows of each segment. What stands in rows of no segment (padding, NaN even)
 * reaches neither the result nor a gradient.
 *
 * y[s, f] = max over rows r with segments[r] = s of x[r, f]; dL/dx is dL/dy at the first row that has the largest, 0 elsewhere
 *
 * x [R, F], segments int32 [R] with entries below `count` (not checked; negative: no segment), result [count, F]: zeros for a segment
 * without rows, NaN where a row of the segment has it.
 *
 * @throws HiddenstateError `mismatch` if the sizes do not fit each other, `invalid` if segments is no int32 tensor
 * @example
 * segmentMax(tensor([1, NaN, 3], [3, 1]), tensor([1, -1, 1], [3], { dtype: "int32" }), 2);   // [[0], [3]]
 */
export function segmentMax(x: Tensor, segments: Tensor, count: number): Tensor {
  checkOperand("segmentMax", "x", x);
  checkOperand("segmentMax", "segments", segments, "int32");
  if (x.shape.length !== 2) {
    throw new HiddenstateError("mismatch", `segmentMax: mismatch in x: got ${shown(x.shape)}, expected [R, F]`);
  }
  const [rows, width] = x.shape;
  if (segments.size !== rows) {
    throw new HiddenstateError(
      "mismatch",
      `segmentMax: mismatch in segments: got ${segments.size} entries, expected ${rows}, one for each row of x`,
    );
  }
  const { kernels } = runtime().kernelSet;
  const y = empty([count, width]);
  const where = empty([count, width], "int32");
  const sizes = { count, width };
  kernels.segmentMax({
    out: y.offset,
    where: where.offset,
    x: x.offset,
    segments: segments.offset,
    rows,
    ...sizes,
  });
  record({
    name: "segmentMax",
    inputs: [x, segments],
    outputs: [y],
    saved: [where],
    backward: (pass) => {
      const target = pass.partialTarget(x);
      if (!target) return;
      kernels.segmentMaxBackward({ gradX: target.offset, gradOut: pass.gradient(y), where: where.offset, ...sizes });
    },
  });
  return y;
}
