import { HiddenstateError, shown } from "../../errors.ts";
import { runtime } from "../../memory/runtime.ts";
import { elementCount, empty, type Tensor } from "../../memory/tensor.ts";
import type { BackwardPass, GradientTarget } from "../backward.ts";
import { record } from "../tape.ts";
import { checkOperand } from "./operands.ts";
import { broadcastShapes, broadcastStrides } from "./strides.ts";

/**
 * The matrix product, of two matrices or of each pair in two batches of them.
 *
 * y[m, n] = Σ_k a[m, k] b[k, n]; dL/da = dL/dy bᵀ; dL/db = aᵀ dL/dy
 *
 * a [.., M, K], b [.., K, N], result [.., M, N]; the axes in front broadcast as in NumPy, so that one matrix b serves a whole batch.
 *
 * @throws HiddenstateError `mismatch` if K differs or the axes in front do not broadcast, `invalid` for fewer than two axes
 * @example
 * matmul(tensor([1, 2, 3, 4], [2, 2]), tensor([1, 0], [2, 1]));   // [[1], [3]]
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkOperand("matmul", "a", a);
  checkOperand("matmul", "b", b);
  for (const [name, { shape }] of Object.entries({ a, b })) {
    if (shape.length < 2) {
      throw new HiddenstateError(
        "invalid",
        `matmul: invalid shape of ${name}: got ${shown(shape)}, expected at least two axes; reshape a vector to [1, K] or [K, 1]`,
      );
    }
  }
  const [k, n] = b.shape.slice(-2);
  if (a.shape.at(-1) !== k) {
    throw new HiddenstateError(
      "mismatch",
      `matmul: mismatch in shapes: got ${shown(a.shape)} and ${shown(b.shape)}, expected [.., M, K] and [.., K, N]`,
    );
  }
  const front = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const y = empty([...front, a.shape[a.shape.length - 2], n]);
  const pairs = pairUp(a, b, front, y.shape[y.shape.length - 2], k, n);
  multiply(pairs, a, b, y);
  record({
    name: "matmul",
    inputs: [a, b],
    outputs: [y],
    backward: (pass) => addGradients(pass, pairs, a, b, y),
  });
  return y;
}

/** The products to form: y[i] = a[first[i]] b[second[i]], each m x k times k x n, by element position in the arrays. */
interface Pairs {
  first: number[];
  second: number[];
  m: number;
  k: number;
  n: number;
}

function pairUp(a: Tensor, b: Tensor, front: readonly number[], m: number, k: number, n: number): Pairs {
  // One matrix on the right: all rows of the batch are one tall matrix.
  if (b.shape.length === 2) return { first: [0], second: [0], m: elementCount(front) * m, k, n };
  return {
    first: matrixStarts(a.shape.slice(0, -2), front, m * k),
    second: matrixStarts(b.shape.slice(0, -2), front, k * n),
    m,
    k,
    n,
  };
}

/** Where each matrix of a batch starts, in the order of the batch that it broadcasts to. */
function matrixStarts(batch: readonly number[], front: readonly number[], matrixSize: number): number[] {
  const strides = broadcastStrides(batch, front);
  let starts = [0];
  front.forEach((size, axis) => {
    starts = starts.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * strides[axis] * matrixSize));
  });
  return starts;
}

function multiply({ first, second, m, k, n }: Pairs, a: Tensor, b: Tensor, y: Tensor): void {
  const { kernels, bytesPerFloat } = runtime().kernelSet;
  first.forEach((_, i) =>
    kernels.gemm({
      c: y.offset + i * m * n * bytesPerFloat,
      a: a.offset + first[i] * bytesPerFloat,
      b: b.offset + second[i] * bytesPerFloat,
      bias: 0,
      m,
      n,
      k,
      cStride: n,
      aStride: k,
      bStride: n,
      transposeA: 0,
      transposeB: 0,
      accumulate: 0,
    }),
  );
}

function addGradients(pass: BackwardPass, { first, second, m, k, n }: Pairs, a: Tensor, b: Tensor, y: Tensor): void {
  const { kernels, bytesPerFloat } = runtime().kernelSet;
  const gradY = pass.gradient(y);
  const toA = targetOfEach(pass, a, first.length * m * k);
  if (toA) {
    first.forEach((_, i) =>
      kernels.gemm({
        c: toA.offset + first[i] * bytesPerFloat,
        a: gradY + i * m * n * bytesPerFloat,
        b: b.offset + second[i] * bytesPerFloat,
        bias: 0,
        m,
        n: k,
        k: n,
        cStride: k,
        aStride: n,
        bStride: n,
        transposeA: 0,
        transposeB: 1,
        accumulate: toA.accumulate,
      }),
    );
  }
  const toB = targetOfEach(pass, b, second.length * k * n);
  if (toB) {
    second.forEach((_, i) =>
      kernels.gemm({
        c: toB.offset + second[i] * bytesPerFloat,
        a: a.offset + first[i] * bytesPerFloat,
        b: gradY + i * m * n * bytesPerFloat,
        bias: 0,
        m: k,
        n,
        k: m,
        cStride: n,
        aStride: k,
        bStride: n,
        transposeA: 1,
        transposeB: 0,
        accumulate: toB.accumulate,
      }),
    );
  }
}

/** The target of an input whose matrices are each written once; zeroed first where one gets several shares, or none. */
function targetOfEach(pass: BackwardPass, input: Tensor, written: number): GradientTarget | null {
  return written === input.size ? pass.target(input) : pass.partialTarget(input);
}
