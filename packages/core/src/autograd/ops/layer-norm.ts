import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import { record, recordsFor } from "../tape.ts";
import { checkOperand, rowsAndWidth } from "./operands.ts";

/**
 * Normalises the last axis to mean 0 and variance 1, then scales and shifts it.
 *
 * n = (x - mean(x)) / sqrt(variance(x) + ε), y = gain ⊙ n + shift; with g = gain ⊙ dL/dy:
 * dL/dx = (g - mean(g) - n mean(g ⊙ n)) / sqrt(variance(x) + ε), dL/dgain = Σ_rows dL/dy ⊙ n, dL/dshift = Σ_rows dL/dy
 *
 * x [.., F], gain and shift [F] or null (1 and 0); result of x's shape. The variance is divided by F, as in PyTorch.
 *
 * @throws HiddenstateError `mismatch` if the sizes do not fit each other
 *
 * Source: Ba, Kiros & Hinton, "Layer normalization", arXiv 1607.06450, 2016.
 *
 * @example
 * layerNorm(tensor([1, 3]), null, null);   // [-1, 1]
 */
export function layerNorm(x: Tensor, gain: Tensor | null, shift: Tensor | null, epsilon: number = 1e-5): Tensor {
  checkOperand("layerNorm", "x", x);
  const { rows, width } = rowsAndWidth("layerNorm", x);
  checkRow("gain", gain, width);
  checkRow("shift", shift, width);
  const { kernels } = runtime().kernelSet;
  const inputs = [x, gain, shift].filter((tensor) => tensor !== null);
  const kept = recordsFor(inputs) ? { normalized: empty([rows, width]), scales: empty([rows]) } : null;
  const y = empty(x.shape);
  kernels.layerNorm({
    out: y.offset,
    normalized: kept?.normalized.offset ?? 0,
    scales: kept?.scales.offset ?? 0,
    x: x.offset,
    gain: gain?.offset ?? 0,
    shift: shift?.offset ?? 0,
    rows,
    width,
    gates: 0,
    epsilon,
  });
  if (!kept) return y;
  const { normalized, scales } = kept;
  record({
    name: "layerNorm",
    inputs,
    outputs: [y],
    saved: [normalized, scales],
    backward: (pass) => {
      const gradY = pass.gradient(y);
      const toX = pass.target(x);
      const unwanted = toX ? null : empty([rows, width]);
      kernels.layerNormBackward({
        gradX: toX?.offset ?? unwanted!.offset,
        gradY,
        normalized: normalized.offset,
        scales: scales.offset,
        gain: gain?.offset ?? 0,
        rows,
        width,
        gates: 0,
        accumulate: toX?.accumulate ?? 0,
      });
      unwanted?.end();
      const toGain = gain && pass.target(gain);
      const toShift = shift && pass.target(shift);
      for (const [target, from] of [
        [toGain, normalized.offset],
        [toShift, gradY],
      ] as const) {
        if (!target) continue;
        const { offset: out, accumulate } = target;
        kernels.reduceSum({ out, x: from, outer: 1, reduced: rows, inner: width, scale: 1, accumulate });
      }
    },
  });
  return y;
}

function checkRow(name: string, row: Tensor | null, width: number): void {
  if (row === null) return;
  checkOperand("layerNorm", name, row);
  if (row.shape.length === 1 && row.shape[0] === width) return;
  throw new HiddenstateError(
    "mismatch",
    `layerNorm: mismatch in ${name}: got ${shown(row.shape)}, expected [${width}], one number for each place of x's last axis`,
  );
}
