/**
 * The angles by which rotary positions turn pairs of a head's numbers (Su et al. 2021): number j and number j + d/2 of a head of size d by
 * position * 10000^(-2j/d). Relative positions are all that then counts in a product of a query and a key.
 *
 * @returns [positions, headSize]: d/2 cosines, then d/2 sines, for each position
 */
export function rotaryAngles(positions: readonly number[], headSize: number): Float64Array {
  const half = headSize / 2;
  const angles = new Float64Array(positions.length * headSize);
  positions.forEach((position, row) => writeAngles(angles, row * headSize, position, half));
  return angles;
}

/** Writes one position's angles, in place: for streams, which allocate nothing. */
export function writeAngles(target: Float64Array | Float32Array, at: number, position: number, half: number): void {
  for (let j = 0; j < half; j++) {
    const angle = position * 10000 ** (-j / half);
    target[at + j] = Math.cos(angle);
    target[at + half + j] = Math.sin(angle);
  }
}
