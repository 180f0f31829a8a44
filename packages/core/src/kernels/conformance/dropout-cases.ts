import type { ConformanceCase } from "./case.ts";
import { exact } from "./outcome.ts";
import { mapped } from "./samples.ts";

/** [rows, width, batch] */
const shapes: [rows: number, width: number, batch: number][] = [
  [1, 1, 1],
  [6, 2, 3],
  [12, 5, 4],
  [40, 33, 8],
  [64, 128, 32],
  [21, 67, 3],
  [0, 8, 2],
];

// Nothing dropped; a third; half (the first number that is negative as an int32); nearly all.
const thresholds = [0, 0x55555555, 0x80000000, 0xfffffffe];

export function dropoutCases(): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const [rows, width, batch] of shapes) {
    for (const threshold of thresholds) {
      for (const withIds of [false, true]) {
        for (const accumulate of [0, 1]) {
          const title = `threshold ${threshold}${withIds ? ", row ids" : ""}${accumulate ? ", accumulate" : ""}`;
          cases.push({
            name: `dropout [${rows}, ${width}] of batch ${batch}, ${title}`,
            run(stage, samples) {
              const x = samples.normal(rows * width);
              const start = samples.normal(rows * width);
              const out = accumulate ? stage.floats(start) : stage.room(rows, width);
              const rowIds = withIds ? stage.ints(samples.integers(2 * rows, 2 ** 31)) : 0;
              const [key0, key1] = samples.integers(2, 2 ** 32);
              const scale = Math.fround(1 / 0.7);
              stage.kernels.dropout({
                out,
                x: stage.floats(x),
                rowIds,
                rows,
                width,
                batch,
                key0,
                key1,
                threshold,
                accumulate,
                scale,
              });
              const of = (): Float64Array => mapped(rows * width, (i) => Math.abs(start[i]) + Math.abs(scale * x[i]));
              // A mask that differs anywhere differs by the whole element.
              const tolerance = accumulate ? { roundings: 2, of } : exact;
              return { out: { values: stage.read(out), tolerance } };
            },
          });
        }
      }
    }
  }
  cases.push({
    name: "dropout lets no dropped NaN or infinity through",
    run(stage, samples) {
      const [rows, width] = [4, 37];
      const x = samples.normal(rows * width).map((_, i) => [NaN, Infinity, -Infinity][i % 3]);
      const out = stage.room(rows, width);
      stage.kernels.dropout({
        out,
        x: stage.floats(x),
        rowIds: 0,
        rows,
        width,
        batch: 2,
        key0: 1,
        key1: 2,
        threshold: 0x80000000,
        accumulate: 0,
        scale: 2,
      });
      return { out: { values: stage.read(out), tolerance: exact } };
    },
  });
  return cases;
}
