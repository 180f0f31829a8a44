import { mul } from "../autograd/ops/binary.ts";
import { gatherRows } from "../autograd/ops/gather-rows.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { segmentMax } from "../autograd/ops/segment-max.ts";
import { segmentSum } from "../autograd/ops/segment-sum.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { ints, type Tensor, tensor } from "../memory/tensor.ts";
import { checkLengths } from "./packing.ts";

/**
 * The output after each sequence's last step: of a bidirectional network the forward half at the end and the reverse half at the start,
 * where each has read everything.
 *
 * x [T, B, D*H], result [B, D*H]: zeros for a sequence of length 0.
 *
 * @param directions D, 1 or 2
 * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
 * @example
 * const { output } = new LSTM({ inputSize, hiddenSize: 64, bidirectional: true }).forward(x, { lengths });
 * const sentence = lastState(output, lengths, 2);   // [B, 128]
 */
export function lastState(x: Tensor, lengths?: readonly number[], directions = 1): Tensor {
  const where = "lastState";
  const { steps, batch, width, valid } = timeMajor(where, x, lengths);
  if (width % directions !== 0) {
    throw new HiddenstateError(
      "mismatch",
      `${where}: mismatch in x: got ${shown(x.shape)}, expected [T, B, D*H] with D = ${directions}`,
    );
  }
  const index = new Int32Array(batch * directions).fill(-1);
  const inverse = new Int32Array(steps * batch * directions).fill(-1);
  valid.forEach((length, b) => {
    if (length === 0) return;
    for (let direction = 0; direction < directions; direction++) {
      const time = direction === 0 ? length - 1 : 0;
      const row = (time * batch + b) * directions + direction;
      index[b * directions + direction] = row;
      inverse[row] = b * directions + direction;
    }
  });
  const rows = reshape(x, [steps * batch * directions, width / directions]);
  return reshape(gatherRows(rows, ints(index), ints(inverse)), [batch, width]);
}

/**
 * The mean over each sequence's own time steps.
 *
 * y[b] = 1/length_b Σ_{t < length_b} x[t, b]
 *
 * x [T, B, F], result [B, F]: zeros for a sequence of length 0.
 *
 * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
 * @example
 * const sentence = meanOverTime(output, lengths);
 */
export function meanOverTime(x: Tensor, lengths?: readonly number[]): Tensor {
  const { steps, batch, width, valid } = timeMajor("meanOverTime", x, lengths);
  const sums = segmentSum(reshape(x, [steps * batch, width]), owners(steps, valid), batch);
  const shares = valid.map((length) => (length === 0 ? 0 : 1 / length));
  return mul(sums, tensor(shares, [batch, 1]));
}

/**
 * The largest value of each feature over each sequence's own time steps.
 *
 * y[b, f] = max_{t < length_b} x[t, b, f]; the gradient goes to the first step that has the largest
 *
 * x [T, B, F], result [B, F]: zeros for a sequence of length 0.
 *
 * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
 * @example
 * const sentence = maxOverTime(output, lengths);
 */
export function maxOverTime(x: Tensor, lengths?: readonly number[]): Tensor {
  const { steps, batch, width, valid } = timeMajor("maxOverTime", x, lengths);
  return segmentMax(reshape(x, [steps * batch, width]), owners(steps, valid), batch);
}

/** Which sequence each row of [T*B, F] belongs to, -1 in the padding. */
function owners(steps: number, valid: readonly number[]): Tensor {
  const batch = valid.length;
  return ints(
    Int32Array.from({ length: steps * batch }, (_, row) =>
      Math.floor(row / batch) < valid[row % batch] ? row % batch : -1,
    ),
  );
}

/** The sizes of x [T, B, F], and how many time steps of each sequence are valid: by default all. */
export function timeMajor(
  where: string,
  x: Tensor,
  lengths: readonly number[] | undefined,
): { steps: number; batch: number; width: number; valid: readonly number[] } {
  if (x.shape.length !== 3) {
    throw new HiddenstateError("mismatch", `${where}: mismatch in x: got ${shown(x.shape)}, expected [T, B, F]`);
  }
  const [steps, batch, width] = x.shape as [number, number, number];
  if (lengths) checkLengths(where, lengths, steps, batch);
  return { steps, batch, width, valid: lengths ?? Array.from({ length: batch }, () => steps) };
}
