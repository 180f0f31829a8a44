/** Mean and standard deviation of each column. */
export interface ColumnStatistics {
  mean: number[];
  /** 0 for a column that never changes. */
  deviation: number[];
}

/** Deviations up to this share of the mean are rounding: to divide by them would make numbers of nothing. */
const rounding = 1e-12;

/** The statistics of the columns of rows [N, width] over all sequences. */
export function columnStatistics(sequences: readonly ArrayLike<number>[], width: number): ColumnStatistics {
  const rows = sequences.reduce((total, values) => total + values.length / width, 0);
  const perColumn = (term: (value: number, column: number) => number): number[] => {
    const sums = Array.from({ length: width }, () => 0);
    for (const values of sequences)
      for (let i = 0; i < values.length; i++) sums[i % width] += term(values[i], i % width);
    return sums.map((sum) => sum / rows);
  };
  // Taken from the first row: the sum over a column that never changes is exact then.
  const [first] = sequences;
  const shift = perColumn((value, column) => value - first[column]);
  const mean = shift.map((value, column) => first[column] + value);
  const variance = perColumn((value, column) => (value - first[column] - shift[column]) ** 2);
  const deviation = variance.map((value, column) => {
    const root = Math.sqrt(value);
    return root > rounding * Math.abs(mean[column]) ? root : 0;
  });
  return { mean, deviation };
}
