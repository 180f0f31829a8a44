import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { empty, type Tensor } from "../../memory/tensor.ts";
import type { BackwardPass } from "../backward.ts";
import { packedOnce } from "../packed.ts";
import { record } from "../tape.ts";
import { checkOperand, rowsAndWidth } from "./operands.ts";

/**
 * An affine map of the last axis.
 *
 * y = x Wᵀ + b; dL/dx = dL/dy W; dL/dW = dL/dyᵀ x; dL/db = Σ_rows dL/dy
 *
 * x [.., I], weight W [O, I] (PyTorch's layout), bias b [O] or null; result [.., O]. The weight is packed once per version of
 * it, so that a loop of single steps pays for the products only.
 *
 * @throws HiddenstateError `mismatch` if the sizes do not fit each other
 * @example
 * const logits = linear(output, weight, bias);   // [T, B, H] to [T, B, V]
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  checkSizes(x, weight, bias);
  const { kernels } = runtime().kernelSet;
  const [o, i] = weight.shape;
  const { rows } = rowsAndWidth("linear", x);
  const y = empty([...x.shape.slice(0, -1), o]);
  kernels.gemmPacked({
    c: y.offset,
    a: x.offset,
    panels: linearPanels(weight, 1),
    bias: bias?.offset ?? 0,
    m: rows,
    n: o,
    k: i,
    cStride: o,
    aStride: i,
    accumulate: 0,
  });
  record({
    name: "linear",
    inputs: bias ? [x, weight, bias] : [x, weight],
    outputs: [y],
    backward: (pass) => addGradients(pass, rows, x, weight, bias, y),
  });
  return y;
}

function addGradients(
  pass: BackwardPass,
  rows: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  y: Tensor,
): void {
  const { kernels } = runtime().kernelSet;
  const [o, i] = weight.shape;
  const gradY = pass.gradient(y);
  const toX = pass.target(x);
  if (toX) {
    kernels.gemmPacked({
      c: toX.offset,
      a: gradY,
      panels: linearPanels(weight, 0),
      bias: 0,
      m: rows,
      n: i,
      k: o,
      cStride: i,
      aStride: o,
      accumulate: toX.accumulate,
    });
  }
  const toWeight = pass.target(weight);
  if (toWeight) {
    kernels.gemm({
      c: toWeight.offset,
      a: gradY,
      b: x.offset,
      bias: 0,
      m: o,
      n: i,
      k: rows,
      cStride: i,
      aStride: o,
      bStride: i,
      transposeA: 1,
      transposeB: 0,
      accumulate: toWeight.accumulate,
    });
  }
  const toBias = bias && pass.target(bias);
  if (toBias) {
    const { offset: out, accumulate } = toBias;
    kernels.reduceSum({ out, x: gradY, outer: 1, reduced: rows, inner: o, scale: 1, accumulate });
  }
}

/** Offset of the panels of Wᵀ [I, O], for the way forward, or of W [O, I], for dL/dx. */
export function linearPanels(weight: Tensor, transpose: 0 | 1): number {
  const { kernelSet } = runtime();
  const [o, i] = weight.shape;
  const [k, n] = transpose ? [i, o] : [o, i];
  return packedOnce(weight, transpose ? "linear Wᵀ" : "linear W", kernelSet.panelSize(k, n), (at) =>
    kernelSet.kernels.pack({ panels: at, b: weight.offset, k, n, bStride: i, transpose }),
  );
}

function checkSizes(x: Tensor, weight: Tensor, bias: Tensor | null): void {
  checkOperand("linear", "x", x);
  checkOperand("linear", "weight", weight);
  if (bias !== null) checkOperand("linear", "bias", bias);
  if (weight.shape.length !== 2) throw mismatch("weight", weight.shape, "[O, I]");
  const [o, i] = weight.shape;
  if (x.shape.at(-1) !== i) throw mismatch("x", x.shape, `[.., ${i}] for a weight of shape ${shown(weight.shape)}`);
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== o)) {
    throw mismatch("bias", bias.shape, `[${o}] for a weight of shape ${shown(weight.shape)}`);
  }
}

function mismatch(name: string, got: readonly number[], expected: string): HiddenstateError {
  return new HiddenstateError("mismatch", `linear: mismatch in ${name}: got ${shown(got)}, expected ${expected}`);
}
