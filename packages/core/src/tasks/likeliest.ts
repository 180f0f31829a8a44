/** The place of the largest number; of equal ones the first. */
export function likeliest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}

/** The place of the largest number of each row of a matrix; of equal ones the first. */
export function likeliestOfRows(scores: ArrayLike<number>, width: number): Int32Array {
  const best = new Int32Array(scores.length / width);
  for (let row = 0, at = 0; row < best.length; row++) {
    const start = at;
    let place = at++;
    for (const end = start + width; at < end; at++) if (scores[at] > scores[place]) place = at;
    best[row] = place - start;
  }
  return best;
}
