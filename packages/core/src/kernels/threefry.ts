/**
 * Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011). A number depends only on its key and its counter, never on what was drawn before: so a draw is the
 * same for any number of threads, any order of a batch, and after a resume.
 */

const rotations = [13, 15, 26, 6, 17, 29, 16, 24];

/** Two 32-bit words, each from 0 to 2^32 - 1. */
export type WordPair = readonly [number, number];

/** The two random words at a counter under a key. */
export function threefry2x32(key: WordPair, counter0: number, counter1: number): [number, number] {
  const keys = [key[0] | 0, key[1] | 0, 0x1bd11bda ^ key[0] ^ key[1]];
  let a = (counter0 + keys[0]) | 0;
  let b = (counter1 + keys[1]) | 0;
  for (let group = 0; group < 5; group++) {
    for (let round = 0; round < 4; round++) {
      const rotation = rotations[(group % 2) * 4 + round];
      a = (a + b) | 0;
      b = ((b << rotation) | (b >>> (32 - rotation))) ^ a;
    }
    a = (a + keys[(group + 1) % 3]) | 0;
    b = (b + keys[(group + 2) % 3] + group + 1) | 0;
  }
  return [a >>> 0, b >>> 0];
}
