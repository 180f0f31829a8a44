/** Magnitudes below this become zero in recurrent state, gate gradients, state gradients and optimiser moments. */
export const smallestKept: number = 2 ** -100;

/** The value, or 0 where it is so small that it would only slow the processor down (D Denormals). NaN stays NaN. */
export function flush(value: number): number {
  return Math.abs(value) < smallestKept ? 0 : value;
}
