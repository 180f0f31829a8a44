import { Random, randomKey } from "../memory/random.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";

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
 * Square blocks below one another, each a random orthogonal matrix (Saxe, McClelland & Ganguli 2014): the Q of a normal
 * matrix's QR decomposition, made by Gram-Schmidt twice over, which is orthogonal to rounding.
 *
 * @param shape [blocks * H, H]
 */
export function orthogonal(shape: readonly [number, number], blocks: number, key: InitKey): Tensor {
  const size = shape[1];
  const random = draw(key);
  const values = new Float64Array(shape[0] * size);
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < size; i++) {
      const row = values.subarray((block * size + i) * size, (block * size + i + 1) * size);
      for (let j = 0; j < size; j++) row[j] = random.normal();
      for (let pass = 0; pass < 2; pass++) {
        for (let other = 0; other < i; other++) {
          const earlier = values.subarray((block * size + other) * size, (block * size + other + 1) * size);
          addScaled(row, earlier, -dot(row, earlier));
        }
        scale(row, 1 / Math.sqrt(dot(row, row)));
      }
    }
  }
  return tensor(values, shape);
}

function fill(shape: readonly number[], next: () => number): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensor(Float64Array.from({ length: count }, next), shape);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}

function scale(target: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! *= factor;
}
