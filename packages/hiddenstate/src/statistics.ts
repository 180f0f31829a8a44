/** The middle of the sorted values, the mean of the two in the middle if there is an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The arithmetic mean; NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** The standard deviation of a sample, with n - 1; 0 of a single value. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((total, value) => total + (value - centre) ** 2, 0) / (values.length - 1));
}

/** The slope of the straight line with the least squared error through points. */
export function slope(xs: readonly number[], ys: readonly number[]): number {
  const [centreX, centreY] = [mean(xs), mean(ys)];
  let across = 0;
  let along = 0;
  for (let i = 0; i < xs.length; i++) {
    across += (xs[i] - centreX) * (ys[i] - centreY);
    along += (xs[i] - centreX) ** 2;
  }
  return across / along;
}

/** Euclidean length. */
export function norm(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] ** 2;
  return Math.sqrt(squares);
}

/** The cosine of the angle between two vectors: 1 in the same direction, 0 at right angles. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let product = 0;
  for (let i = 0; i < a.length; i++) product += a[i] * b[i];
  return product / (norm(a) * norm(b));
}
