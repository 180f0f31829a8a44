/** Columns of which less than this share is new beside those before them get the coefficient 0. */
const leastNew = 1e-9;

/**
 * For each list of targets y the coefficients b with the least `|X b - y|²`, by Householder's QR decomposition (Golub & Van Loan, "Matrix computations", 5.3). A
 * column that depends on those before it is left out.
 *
 * @param rows X, each row of the same width; as many rows as coefficients at least
 * @param dependent share of a column that must be new beside those before it: more than its numbers' rounding
 */
export function leastSquares(
  rows: readonly ArrayLike<number>[],
  targets: readonly ArrayLike<number>[],
  dependent: number = leastNew,
): Float64Array[] {
  const [n, width] = [rows.length, rows[0].length];
  const columns = Array.from({ length: width }, (_, j) => Float64Array.from(rows, (row) => row[j]));
  const sides = targets.map((list) => Float64Array.from(list));
  const norms = columns.map(norm);
  /** Columns in use, each with the row where its triangle's corner lies. */
  const used: number[] = [];
  for (let j = 0; j < width; j++) {
    const corner = used.length;
    const column = columns[j];
    const length = norm(column.subarray(corner));
    if (corner >= n || !(length > dependent * norms[j])) continue;
    const reflector = column.slice(corner);
    reflector[0] += reflector[0] < 0 ? -length : length;
    const square = reflector.reduce((sum, value) => sum + value * value, 0);
    for (const target of [...columns.slice(j), ...sides]) reflect(target.subarray(corner), reflector, square);
    used.push(j);
  }
  return sides.map((side) => {
    const coefficients = new Float64Array(width);
    for (let corner = used.length - 1; corner >= 0; corner--) {
      let rest = side[corner];
      for (let later = corner + 1; later < used.length; later++)
        rest -= columns[used[later]][corner] * coefficients[used[later]];
      coefficients[used[corner]] = rest / columns[used[corner]][corner];
    }
    return coefficients;
  });
}

/** vector -= 2 r (r . vector) / |r|² */
function reflect(vector: Float64Array, reflector: Float64Array, square: number): void {
  let product = 0;
  for (let i = 0; i < reflector.length; i++) product += reflector[i] * vector[i];
  const factor = (2 * product) / square;
  for (let i = 0; i < reflector.length; i++) vector[i] -= factor * reflector[i];
}

function norm(vector: Float64Array): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum);
}
