/**
 * The quantile of numbers in rising order, linear between neighbours (Hyndman & Fan 1996, definition 7).
 * @example
 * quantile([1, 2, 4], 0.75);   // 3
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const place = probability * (sorted.length - 1);
  const below = Math.floor(place);
  // An infinite neighbour must not make what lies on the other one NaN.
  if (place === below) return sorted[below];
  return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}
