/** How far back a gradient reaches. */
export interface MemoryHorizon {
  /** The largest lag whose norm is still the given share of that at lag 0. */
  steps: number;
  /** Whether that was the largest lag measured: the gradient may reach further. */
  open: boolean;
}

/** The share of the gradient at lag 0 that still counts. */
export const horizonShare = 0.01;

/**
 * The memory horizon of one curve of gradient norms.
 *
 *     horizon = max { k : norms[k] >= share * norms[0] }
 *
 * What lies further back than this hardly changes what is learned from a step's loss: a training window that is much longer costs time and
 * memory for nothing (Hochreiter 1991; Pascanu et al. 2013, section 2).
 *
 * @param norms by lag, from 0; NaN where nothing was measured
 * @example
 * memoryHorizon([1, 0.5, 0.25, 0.002]);   // { steps: 2, open: false }
 */
export function memoryHorizon(norms: ArrayLike<number>, share: number = horizonShare): MemoryHorizon {
  let [steps, last] = [0, 0];
  for (let lag = 0; lag < norms.length; lag++) {
    if (Number.isNaN(norms[lag])) continue;
    last = lag;
    if (norms[lag] > 0 && norms[lag] >= share * norms[0]) steps = lag;
  }
  return { steps, open: steps === last && norms[steps] > 0 };
}
