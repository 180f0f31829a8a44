import { HiddenstateError, shown } from "../../errors.ts";
import type { WordPair } from "../../kernels/threefry.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, full, type Tensor } from "../../memory/tensor.ts";
import type { GradientTarget } from "../backward.ts";
import { noGrad, record } from "../tape.ts";
import { checkOperand, rowsAndWidth } from "./operands.ts";

/**
 * Sets random elements to 0 and scales the others up, so that the expectation stays ("inverted dropout").
 *
 * y = m ⊙ x / (1 - rate), with m = 0 at probability `rate`, else 1; dL/dx = m ⊙ dL/dy / (1 - rate)
 *
 * x [rows.., width], result of the same shape. The mask is a function of the key and of each element's (batch row, time, place in
 * the row) alone: `rowIds` (int32 [rows, 2]) says which batch row and time a row of x is; without it row r is batch row
 * r mod batch at time floor(r / batch). With rate 0 the result is x itself.
 *
 * @param rate from 0 to below 1
 * @throws HiddenstateError `invalid` for a rate out of range, `mismatch` if rowIds does not have two entries for each row
 *
 * Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
 *
 * @example
 * dropout(output, 0.3, randomKey(seed, "dropout", "lstm.0", step), null, batch);   // output [T, B, H]
 */
export function dropout(x: Tensor, rate: number, key: WordPair, rowIds: Tensor | null, batch: number): Tensor {
  checkOperand("dropout", "x", x);
  if (!(rate >= 0 && rate < 1)) {
    throw new HiddenstateError(
      "invalid",
      `dropout: invalid rate: got ${shown(rate)}, expected a number from 0 to below 1`,
    );
  }
  const { rows, width } = rowsAndWidth("dropout", x);
  if (rowIds) checkOperand("dropout", "rowIds", rowIds, "int32");
  if (rowIds && rowIds.size !== 2 * rows) {
    throw new HiddenstateError(
      "mismatch",
      `dropout: mismatch in rowIds: got ${shown(rowIds.shape)}, expected [${rows}, 2], a batch row and a time for each row of x`,
    );
  }
  if (!rowIds && !(Number.isInteger(batch) && batch > 0)) {
    throw new HiddenstateError(
      "invalid",
      `dropout: invalid batch: got ${shown(batch)}, expected a whole number from 1`,
    );
  }
  if (rate === 0) return x;

  const { kernels } = runtime().kernelSet;
  const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
  const applyMask = ({ offset: out, accumulate }: GradientTarget, from: number): void =>
    kernels.dropout({
      out,
      x: from,
      rowIds: rowIds?.offset ?? 0,
      rows,
      width,
      batch,
      key0: key[0],
      key1: key[1],
      threshold,
      accumulate,
      scale: 1 / (1 - rate),
    });
  const y = empty(x.shape);
  applyMask({ offset: y.offset, accumulate: 0 }, x.offset);
  record({
    name: "dropout",
    inputs: rowIds ? [x, rowIds] : [x],
    outputs: [y],
    backward: (pass) => {
      const target = pass.target(x);
      if (target) applyMask(target, pass.gradient(y));
    },
  });
  return y;
}

/**
 * What dropout multiplies with, by itself: 0 at probability `rate`, else 1 / (1 - rate), for [rows, width] numbers; the masks of
 * `dropout` under the same key.
 */
export function dropoutMask(
  shape: readonly [rows: number, width: number],
  rate: number,
  key: WordPair,
  rowIds: Tensor | null,
  batch: number,
): Tensor {
  const ones = full(shape, 1);
  const mask = noGrad(() => dropout(ones, rate, key, rowIds, batch));
  ones.end();
  return mask;
}
