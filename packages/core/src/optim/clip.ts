import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { withSegments } from "./segment-table.ts";

/**
 * Shrinks all gradients together, in place, so that their global norm is at most `maxNorm`: the direction stays.
 *
 * norm = sqrt(sum of g²) over all gradients; every gradient is multiplied by min(1, maxNorm / (norm + 1e-6)). A norm that is
 * NaN makes all gradients NaN. Parameters without a gradient are left out; one given twice counts once.
 *
 * @returns a scalar tensor: the norm before clipping
 * @throws HiddenstateError `invalid` if `maxNorm` is not above 0
 *
 * Source: Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks", algorithm 1; PyTorch's
 * `clip_grad_norm_`.
 *
 * @example
 * loss.backward();
 * const norm = clipGradNorm(model.parameters(), 1.0);
 * adam.step();
 * await norm.item();   // now and then: reading waits for the device
 */
export function clipGradNorm(parameters: Iterable<Tensor>, maxNorm: number): Tensor {
  checkLimit("clipGradNorm", "maxNorm", maxNorm);
  return clipTogether(gradientsOf(parameters), maxNorm);
}

/**
 * Shrinks each parameter's gradient on its own, in place, so that its norm is at most `maxNorm`. The direction of the whole
 * gradient changes: for comparison with `clipGradNorm`.
 *
 * @returns the norms before clipping, a scalar tensor for each parameter that has a gradient, in the order given
 * @throws HiddenstateError `invalid` if `maxNorm` is not above 0
 *
 * @example
 * const norms = clipGradNormPerParameter(model.parameters(), 1.0);
 */
export function clipGradNormPerParameter(parameters: Iterable<Tensor>, maxNorm: number): Tensor[] {
  checkLimit("clipGradNormPerParameter", "maxNorm", maxNorm);
  return gradientsOf(parameters).map((gradient) => clipTogether([gradient], maxNorm));
}

/**
 * Limits every element of every gradient, in place, to [-limit, limit]. NaN stays NaN.
 *
 * @throws HiddenstateError `invalid` if `limit` is not above 0
 *
 * Source: PyTorch's `clip_grad_value_`.
 *
 * @example
 * clipGradValue(model.parameters(), 0.5);
 */
export function clipGradValue(parameters: Iterable<Tensor>, limit: number): void {
  checkLimit("clipGradValue", "limit", limit);
  const gradients = gradientsOf(parameters);
  withSegments(gradients, (segments, segmentCount) => {
    runtime().kernelSet.kernels.clipByValue({ segments, segmentCount, limit });
  });
  for (const gradient of gradients) gradient.changed();
}

function clipTogether(gradients: readonly Tensor[], maxNorm: number): Tensor {
  const { kernels } = runtime().kernelSet;
  const norm = empty([]);
  withSegments(gradients, (segments, segmentCount) => {
    kernels.globalNorm({ norm: norm.offset, segments, segmentCount });
    kernels.clipByNorm({ segments, segmentCount, norm: norm.offset, maxNorm });
  });
  for (const gradient of gradients) gradient.changed();
  return norm;
}

function gradientsOf(parameters: Iterable<Tensor>): Tensor[] {
  return [...new Set(parameters)].flatMap(({ grad }) => (grad ? [grad] : []));
}

function checkLimit(where: string, name: string, value: number): void {
  if (typeof value !== "number" || !(value > 0)) {
    throw new HiddenstateError("invalid", `${where}: invalid ${name}: got ${shown(value)}, expected a number above 0`);
  }
}
