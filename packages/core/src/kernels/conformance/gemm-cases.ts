import type { ConformanceCase } from "./case.ts";
import type { Outcome } from "./outcome.ts";
import { productMagnitudes, transposed } from "./samples.ts";
import type { Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";

/** [m, n, k]: ones, primes, tails on either side of usual tile and block sizes, tall, wide, deep, and nothing to sum. */
export const gemmShapes: [m: number, n: number, k: number][] = [
  [1, 1, 1],
  [1, 17, 3],
  [2, 3, 5],
  [3, 1, 19],
  [5, 4, 0],
  [6, 8, 16],
  [7, 9, 2],
  [13, 37, 29],
  [31, 47, 33],
  [64, 64, 64],
  [61, 67, 71],
  [33, 130, 257],
  [1, 512, 300],
  [200, 5, 11],
  [4, 1024, 64],
  [67, 19, 1031],
  [3, 273, 601],
];

/** Where a chain starts: at 0, at a bias or at C. The largest shapes are there for the blocks and start in one way only. */
export function gemmStarts([m, n, k]: [m: number, n: number, k: number]): { bias?: boolean; accumulate?: number }[] {
  return m * n * k < 400_000 ? [{}, { bias: true }, { accumulate: 1 }] : [{ bias: true }];
}

export interface GemmProblem {
  m: number;
  n: number;
  k: number;
  a: Float64Array;
  b: Float64Array;
  bias: Float64Array | null;
  start: Float64Array;
  accumulate: number;
}

export interface GemmStorage {
  transposeA: number;
  transposeB: number;
  /** Guards between the stored rows. */
  gap: number;
}

export function gemmProblem(
  samples: Samples,
  [m, n, k]: [number, number, number],
  { bias = false, accumulate = 0 }: { bias?: boolean; accumulate?: number } = {},
): GemmProblem {
  return {
    m,
    n,
    k,
    accumulate,
    a: samples.normal(m * k),
    b: samples.normal(k * n),
    bias: bias ? samples.normal(n) : null,
    start: samples.normal(m * n),
  };
}

/** C by the kernel `gemm`. */
export function runGemm(stage: Stage, problem: GemmProblem, storage: GemmStorage): Float64Array {
  const { m, n, k, accumulate } = problem;
  const { transposeA, transposeB, gap } = storage;
  const [aStride, bStride, cStride] = [(transposeA ? m : k) + gap, (transposeB ? k : n) + gap, n + gap];
  const a = transposeA
    ? stage.matrix(transposed(problem.a, m, k), k, m, aStride)
    : stage.matrix(problem.a, m, k, aStride);
  const b = transposeB
    ? stage.matrix(transposed(problem.b, k, n), n, k, bStride)
    : stage.matrix(problem.b, k, n, bStride);
  const c = accumulate ? stage.matrix(problem.start, m, n, cStride) : stage.room(m, n, cStride);
  const bias = problem.bias ? stage.floats(problem.bias) : 0;
  stage.kernels.gemm({ c, a, b, bias, m, n, k, cStride, aStride, bStride, transposeA, transposeB, accumulate });
  return stage.read(c);
}

/** C by the kernels `pack` and `gemmPacked`. */
export function runGemmPacked(
  stage: Stage,
  problem: GemmProblem,
  storage: Omit<GemmStorage, "transposeA">,
): Float64Array {
  const { m, n, k, accumulate } = problem;
  const { transposeB: transpose, gap } = storage;
  const [aStride, bStride, cStride] = [k + gap, (transpose ? k : n) + gap, n + gap];
  const b = transpose
    ? stage.matrix(transposed(problem.b, k, n), n, k, bStride)
    : stage.matrix(problem.b, k, n, bStride);
  const panels = stage.room(1, stage.set.panelSize(k, n));
  stage.kernels.pack({ panels, b, k, n, bStride, transpose });
  const a = stage.matrix(problem.a, m, k, aStride);
  const c = accumulate ? stage.matrix(problem.start, m, n, cStride) : stage.room(m, n, cStride);
  const bias = problem.bias ? stage.floats(problem.bias) : 0;
  stage.kernels.gemmPacked({ c, a, panels, bias, m, n, k, cStride, aStride, accumulate });
  return stage.read(c);
}

function outcome(values: Float64Array, problem: GemmProblem): Outcome {
  const { m, n, k, a, b, bias, start, accumulate } = problem;
  const of = (): Float64Array =>
    productMagnitudes(a, b, m, n, k).map((sum, i) => {
      return sum + (bias ? Math.abs(bias[i % n]) : 0) + (accumulate ? Math.abs(start[i]) : 0);
    });
  // k products added one after the other: at most a rounding each, or two without fused multiply-add (Higham 2002, 3.1).
  return { values, tolerance: { roundings: k + 2, of } };
}

export function gemmCases(): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const shape of gemmShapes) {
    for (const options of gemmStarts(shape)) {
      const title = `[${shape.join(", ")}]${options.bias ? " bias" : ""}${options.accumulate ? " accumulate" : ""}`;
      for (const [transposeA, transposeB, gap] of [
        [0, 0, 0],
        [0, 1, 3],
        [1, 0, 1],
        [1, 1, 0],
      ]) {
        cases.push({
          name: `gemm ${title}${transposeA ? " A^T" : ""}${transposeB ? " B^T" : ""}${gap ? " strided" : ""}`,
          run(stage, samples) {
            const problem = gemmProblem(samples, shape, options);
            return { c: outcome(runGemm(stage, problem, { transposeA, transposeB, gap }), problem) };
          },
        });
      }
      for (const [transposeB, gap] of [
        [0, 5],
        [1, 0],
      ]) {
        cases.push({
          name: `gemmPacked ${title}${transposeB ? " B^T" : ""}${gap ? " strided" : ""}`,
          run(stage, samples) {
            const problem = gemmProblem(samples, shape, options);
            return { c: outcome(runGemmPacked(stage, problem, { transposeB, gap }), problem) };
          },
        });
      }
    }
  }
  return cases;
}
