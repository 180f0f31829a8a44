import { mul } from "../src/autograd/ops/binary.ts";
import { sum } from "../src/autograd/ops/reduce.ts";
import { Random, randomKey } from "../src/memory/random.ts";
import { elementCount, type Tensor, tensor } from "../src/memory/tensor.ts";

/** A tensor of standard normal draws; another seed, other numbers. */
export function normal(shape: readonly number[], seed = 0): Tensor {
  const random = new Random(randomKey(seed, "test", shape.join()));
  return tensor(
    Array.from({ length: elementCount(shape) }, () => random.normal()),
    shape,
  );
}

/** A scalar that depends differently on every element of y: a sum with fixed random weights. */
export function weightedSum(y: Tensor): Tensor {
  return sum(mul(y, normal(y.shape, 99)));
}

/** Whole numbers as an int32 tensor. */
export function integers(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return tensor(values, shape, { dtype: "int32" });
}
