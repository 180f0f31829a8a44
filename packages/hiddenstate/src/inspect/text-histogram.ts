const bars = " ▁▂▃▄▅▆▇█";

/** How many of some numbers lie in each of as many bins as there are letters, as bars: `▁▂▅█▃`. */
export function textHistogram(values: readonly number[], [low, high]: readonly [number, number], bins = 10): string {
  const counts = Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * bins);
    counts[Math.min(bins - 1, Math.max(0, bin))]++;
  }
  const most = Math.max(1, ...counts);
  // Whatever is there shows, however little.
  return counts.map((count) => bars[count === 0 ? 0 : Math.max(1, Math.round((count / most) * 8))]).join("");
}
