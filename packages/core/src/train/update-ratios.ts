import { sub } from "../autograd/ops/binary.ts";
import { noGrad } from "../autograd/tape.ts";
import { copyDense } from "../autograd/copy.ts";
import { runtime } from "../memory/runtime.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import { withSegments } from "../optim/segment-table.ts";

/** How far one step moved the parameters, against how large they are. */
export interface UpdateRatios {
  /** |Δθ| / |θ| over all parameters together. */
  updateRatio: number;
  /** The same for each parameter, by name. */
  updateRatios: Record<string, number>;
}

/**
 * Watches one optimiser step: |Δθ| / |θ| with θ before the step. About 1e-3 is usual; far below, learning is slow, far above, it is rough (a rule
 * of thumb of Karpathy's).
 *
 * Keeps a copy of all parameters over the step, and reads them twice: cheap once in a while.
 *
 * @returns to call after the step: norms of updates and of parameters, [2, P], to be read when it suits
 */
export function watchUpdate(parameters: readonly Tensor[]): () => Tensor {
  const before = parameters.map((parameter) => {
    const copy = empty(parameter.shape);
    copyDense(copy.offset, parameter.offset, parameter.size);
    return copy;
  });
  return () => {
    const norms = empty([2, parameters.length]).persist();
    const write = (values: Tensor, place: number): void => {
      const norm = norms.view([1], place);
      withSegments([values], (segments, segmentCount) => {
        runtime().kernelSet.kernels.globalNorm({ norm: norm.offset, segments, segmentCount });
      });
      norm.end();
    };
    parameters.forEach((parameter, i) => {
      const moved = noGrad(() => sub(parameter, before[i]));
      write(moved, i);
      write(before[i], parameters.length + i);
      moved.end();
      before[i].end();
    });
    return norms;
  };
}

/** Reads what `watchUpdate` found, and ends it. A parameter of zeros has no ratio, and is left out. */
export function readUpdate(norms: Tensor, names: readonly string[]): UpdateRatios {
  const values = norms.exactDataSync();
  norms.end();
  const [updates, sizes] = [values.subarray(0, names.length), values.subarray(names.length)];
  const ratios = names.flatMap((name, i): [string, number][] => (sizes[i] > 0 ? [[name, updates[i] / sizes[i]]] : []));
  return { updateRatio: Math.hypot(...updates) / Math.hypot(...sizes), updateRatios: Object.fromEntries(ratios) };
}
