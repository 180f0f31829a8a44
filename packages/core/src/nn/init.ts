import { Random, randomKey } from "../memory/random.ts";
import { empty, type Tensor } from "../memory/tensor.ts";

/** Where a parameter's random numbers come from: the same key gives the same start. */
export interface InitKey {
  seed: number;
  /** The parameter's full name, such as `model.rnn.weight_hh_l0`. */
  path: string;
}

function draw(key: InitKey): Random {
  return new Random(randomKey(key.seed, "init", key.path));
}

/** Uniform in (-bound, bound). */
export function uniform(shape: readonly number[], bound: number, key: InitKey): Tensor {
  const random = draw(key);
  return fill(shape, () => (2 * random.uniform() - 1) * bound);
}

/** Normal with mean 0 and the given standard deviation. */
export function normal(shape: readonly number[], deviation: number, key: InitKey): Tensor {
  const random = draw(key);
  return fill(shape, () => random.normal() * deviation);
}

/**
 * Xavier (Glorot & Bengio 2010), block by block: uniform in +-sqrt(6 / (fanIn + fanOut)), with fanOut the rows of one block, so that each gate
 * of a recurrent weight is scaled as a matrix of its own.
 *
 * @param shape [blocks * fanOut, fanIn]
 */
export function xavierUniform(shape: readonly [number, number], blocks: number, key: InitKey): Tensor {
  return uniform(shape, Math.sqrt(6 / (shape[1] + shape[0] / blocks)), key);
}

/**
 * Square blocks below one another, each a random orthogonal matrix (Saxe, McClelland & Ganguli 2014).
 *
 * A block starts as the identity with random signs. Then, in each of 4 log2(H) rounds, its rows are paired at random and each pair is
 * rotated by a random angle: Kac's walk on the rotations (Kac 1956), which is orthogonal to rounding, comes close to the uniform
 * distribution in O(log H) such rounds (Pillai & Smith 2017), and costs H^2 log H where a QR decomposition costs H^3.
 *
 * @param shape [blocks * H, H]
 */
export function orthogonal(shape: readonly [number, number], blocks: number, key: InitKey): Tensor {
  const size = shape[1];
  const random = draw(key);
  return empty(shape).fillLater(() => {
    const values = new Float64Array(shape[0] * size);
    for (let block = 0; block < blocks; block++) {
      rotateAtRandom(values.subarray(block * size * size, (block + 1) * size * size), size, random);
    }
    return values;
  });
}

function rotateAtRandom(matrix: Float64Array, size: number, random: Random): void {
  for (let i = 0; i < size; i++) matrix[i * size + i] = random.uniform() < 0.5 ? -1 : 1;
  const rows = Array.from({ length: size }, (_, i) => matrix.subarray(i * size, (i + 1) * size));
  const rounds = 4 * Math.ceil(Math.log2(size));
  for (let round = 0; round < rounds; round++) {
    const order = random.shuffled(rows);
    for (let pair = 0; pair + 1 < size; pair += 2) rotate(order[pair], order[pair + 1], 2 * Math.PI * random.uniform());
  }
}

function rotate(a: Float64Array, b: Float64Array, angle: number): void {
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  for (let j = 0; j < a.length; j++) {
    const [x, y] = [a[j], b[j]];
    a[j] = cosine * x - sine * y;
    b[j] = sine * x + cosine * y;
  }
}

/** Takes the tensor's memory before the work of drawing: what does not fit is refused at once. */
function fill(shape: readonly number[], next: () => number): Tensor {
  const result = empty(shape);
  return result.fillLater(() => {
    const values = new Float64Array(result.size);
    for (let i = 0; i < values.length; i++) values[i] = next();
    return values;
  });
}
