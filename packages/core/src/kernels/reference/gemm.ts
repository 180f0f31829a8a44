import type { KernelArguments } from "../kernels.ts";
import type { ReferenceHeap } from "./heap.ts";

/** C (+)= A B + bias: one chain over k per element, in double, starting at C, bias or 0. */
export function gemm(heap: ReferenceHeap, args: KernelArguments<"gemm">): void {
  const { m, n, k, cStride, aStride, bStride } = args;
  const f = heap.floats;
  const c = heap.at(args.c);
  const a = heap.at(args.a);
  const b = heap.at(args.b);
  const bias = heap.at(args.bias);
  const [aRow, aColumn] = args.transposeA ? [1, aStride] : [aStride, 1];
  const [bRow, bColumn] = args.transposeB ? [1, bStride] : [bStride, 1];
  // A row of C at a time, so that B is read along its rows where it is stored so.
  const sums = new Float64Array(n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) sums[j] = args.accumulate ? f[c + i * cStride + j] : args.bias ? f[bias + j] : 0;
    for (let l = 0; l < k; l++) {
      const factor = f[a + i * aRow + l * aColumn];
      for (let j = 0; j < n; j++) sums[j] += factor * f[b + l * bRow + j * bColumn];
    }
    f.set(sums, c + i * cStride);
  }
}

/** Panels of the reference are the plain matrix [K, N]. */
export function pack(heap: ReferenceHeap, args: KernelArguments<"pack">): void {
  const { k, n, bStride } = args;
  const f = heap.floats;
  const panels = heap.at(args.panels);
  const b = heap.at(args.b);
  for (let l = 0; l < k; l++) {
    for (let j = 0; j < n; j++)
      f[panels + l * n + j] = args.transpose ? f[b + j * bStride + l] : f[b + l * bStride + j];
  }
}

export function gemmPacked(heap: ReferenceHeap, args: KernelArguments<"gemmPacked">): void {
  gemm(heap, { ...args, b: args.panels, bStride: args.n, transposeA: 0, transposeB: 0 });
}

/** sums[j] += sum over k of row[k] * matrix[k, j], for a row of `height` elements and a dense matrix [height, width]. */
export function addRowTimesMatrix(
  sums: Float64Array,
  f: Float32Array | Float64Array,
  row: number,
  matrix: number,
  height: number,
  width: number,
): void {
  for (let k = 0; k < height; k++) {
    const factor = f[row + k];
    for (let j = 0; j < width; j++) sums[j] += factor * f[matrix + k * width + j];
  }
}
