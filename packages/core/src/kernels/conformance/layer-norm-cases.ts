import type { ConformanceCase } from "./case.ts";
import { fromSlab, toSlab } from "./gate-slab.ts";
import { mapped } from "./samples.ts";

/** [rows, width]; with gates: a slab's gates of `width` units. */
const shapes: { rows: number; width: number; gates: number }[] = [
  { rows: 1, width: 1, gates: 0 },
  { rows: 3, width: 2, gates: 0 },
  { rows: 5, width: 17, gates: 0 },
  { rows: 7, width: 64, gates: 0 },
  { rows: 33, width: 130, gates: 0 },
  { rows: 3, width: 5, gates: 1 },
  { rows: 4, width: 3, gates: 3 },
  { rows: 9, width: 33, gates: 3 },
  { rows: 2, width: 1, gates: 4 },
  { rows: 6, width: 17, gates: 4 },
  { rows: 5, width: 32, gates: 4 },
];
const epsilon = 1e-5;

interface NormalRow {
  mean: number;
  scale: number;
}

function normalRow(row: ArrayLike<number>): NormalRow {
  const n = row.length;
  const mean = Array.from(row).reduce((sum, value) => sum + value, 0) / n;
  const variance = Array.from(row).reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  return { mean, scale: 1 / Math.sqrt(variance + epsilon) };
}

function* forwardCases(): Generator<ConformanceCase> {
  for (const { rows, width, gates } of shapes) {
    for (const affine of [0, 1]) {
      for (const kept of [0, 1]) {
        const n = width * Math.max(1, gates);
        yield {
          name: `layerNorm [${rows}, ${gates ? `${gates}x` : ""}${width}]${affine ? ", gain and shift" : ""}${kept ? "" : ", in place"}`,
          run(stage, samples) {
            const values = samples.normal(rows * n).map((value, i) => Math.fround(value + (i % 3 === 0 ? 5 : 0)));
            const own = { rows, gates, hiddenSize: width };
            const placed = (numbers: ArrayLike<number>, count: number): number =>
              gates ? toSlab(stage, { ...own, rows: count }, numbers) : stage.matrix(numbers, count, n);
            const found = (at: number): Float64Array => (gates ? fromSlab(stage, own, at) : stage.read(at));
            const [gains, shifts] = [samples.normal(n), samples.normal(n)];
            const x = placed(values, rows);
            const room = (): number => placed(new Float64Array(rows * n), rows);
            const out = kept ? room() : x;
            const normalized = kept ? room() : 0;
            const scales = kept ? stage.room(1, rows) : 0;
            const gain = affine ? placed(gains, 1) : 0;
            const shift = affine ? placed(shifts, 1) : 0;
            stage.kernels.layerNorm({ out, normalized, scales, x, gain, shift, rows, width, gates, epsilon });
            const numbers = Array.from({ length: rows }, (_, r) => normalRow(values.subarray(r * n, (r + 1) * n)));
            // x - mean is rounded relative to both.
            const size = (i: number): number => {
              const { mean, scale } = numbers[Math.floor(i / n)];
              return (Math.abs(values[i]) + Math.abs(mean)) * scale;
            };
            const ofOut = (): Float64Array =>
              mapped(
                rows * n,
                (i) => size(i) * (affine ? Math.abs(gains[i % n]) : 1) + affine * Math.abs(shifts[i % n]),
              );
            const outcomes: ReturnType<ConformanceCase["run"]> = {
              out: { values: found(out), tolerance: { roundings: 8, of: ofOut } },
            };
            if (kept) {
              const ofNormalized = (): Float64Array => mapped(rows * n, size);
              outcomes.normalized = { values: found(normalized), tolerance: { roundings: 6, of: ofNormalized } };
              outcomes.scales = { values: stage.read(scales), tolerance: { roundings: 2 } };
            }
            return outcomes;
          },
        };
      }
    }
  }
  yield {
    name: "layerNorm of special rows: constant, far from 0, without a number",
    run(stage) {
      const values = [7, 7, 7, 7, 1000, 1001, 1002, 999, NaN, 1, 2, 3, 1e-30, -1e-30, 0, 0].map(Math.fround);
      const out = stage.room(4, 4);
      const none = { normalized: 0, scales: 0, gain: 0, shift: 0 };
      stage.kernels.layerNorm({ out, x: stage.floats(values), ...none, rows: 4, width: 4, gates: 0, epsilon });
      return { out: { values: stage.read(out), tolerance: { roundings: 8, of: 1500 } } };
    },
  };
}

function* backwardCases(): Generator<ConformanceCase> {
  for (const { rows, width, gates } of shapes) {
    for (const [affine, accumulate] of [
      [0, 0],
      [1, 0],
      [1, 1],
    ]) {
      const n = width * Math.max(1, gates);
      yield {
        name: `layerNormBackward [${rows}, ${gates ? `${gates}x` : ""}${width}]${affine ? ", gain" : ""}${accumulate ? ", accumulate" : ""}`,
        run(stage, samples) {
          const own = { rows, gates, hiddenSize: width };
          const placed = (numbers: ArrayLike<number>, count: number): number =>
            gates ? toSlab(stage, { ...own, rows: count }, numbers) : stage.matrix(numbers, count, n);
          const found = (at: number): Float64Array => (gates ? fromSlab(stage, own, at) : stage.read(at));
          const [values, gradients, gains, start] = [rows, rows, 1, rows].map((count) => samples.normal(count * n));
          const scaleValues = samples.uniform(rows, 0.3, 3);
          const normalized = placed(values, rows);
          const gradY = placed(gradients, rows);
          const gradX = accumulate ? placed(start, rows) : gradY;
          const gain = affine ? placed(gains, 1) : 0;
          const scales = stage.floats(scaleValues);
          stage.kernels.layerNormBackward({ gradX, gradY, normalized, scales, gain, rows, width, gates, accumulate });
          const of = (): Float64Array =>
            mapped(rows * n, (i) => {
              const r = Math.floor(i / n);
              const g = (j: number): number => Math.abs(gradients[r * n + j] * (affine ? gains[j] : 1));
              let [plain, along] = [0, 0];
              for (let j = 0; j < n; j++) {
                plain += g(j) / n;
                along += (g(j) * Math.abs(values[r * n + j])) / n;
              }
              const size = g(i % n) + plain + Math.abs(values[i]) * along;
              return scaleValues[r] * size + accumulate * Math.abs(start[i]);
            });
          return {
            gradX: { values: found(gradX), tolerance: { roundings: 8, of } },
            products: { values: found(normalized), tolerance: { roundings: 1 } },
          };
        },
      };
    }
  }
}

export function layerNormCases(): ConformanceCase[] {
  return [...forwardCases(), ...backwardCases()];
}
