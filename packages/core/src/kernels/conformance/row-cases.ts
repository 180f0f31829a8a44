import type { ConformanceCase } from "./case.ts";
import { exact } from "./outcome.ts";
import { mapped } from "./samples.ts";

/** [rows taken, rows there, width] */
const shapes: [rows: number, table: number, width: number][] = [
  [1, 1, 1],
  [5, 3, 7],
  [40, 11, 64],
  [33, 100, 17],
  [200, 2, 5],
  [0, 4, 3],
];

export function rowCases(): ConformanceCase[] {
  return [...gatherCases(), ...scatterCases(), ...segmentMaxCases()];
}

/** Some rows belong to no segment, some segments have no rows, and one number is none. */
function segmentMaxCases(): ConformanceCase[] {
  return shapes.map(([rows, count, width]) => ({
    name: `segmentMax ${rows} to [${count}, ${width}]`,
    run(stage, samples) {
      const segments = stage.ints(samples.integers(rows, count + 1).map((row) => row - 1));
      // Halves, so that there are ties: the first row counts.
      const x = samples.normal(rows * width).map((value) => Math.round(2 * value) / 2);
      if (rows > 4) x[4 * width] = NaN;
      const [out, where] = [stage.room(count, width), stage.ints(new Int32Array(count * width))];
      stage.kernels.segmentMax({ out, where, x: stage.floats(x), segments, rows, count, width });
      const gradX = stage.floats(samples.normal(rows * width));
      const gradOut = stage.floats(samples.normal(count * width));
      stage.kernels.segmentMaxBackward({ gradX, gradOut, where, count, width });
      return {
        out: { values: stage.read(out), tolerance: exact },
        gradX: { values: stage.read(gradX), tolerance: exact },
      };
    },
  }));
}

function scatterCases(): ConformanceCase[] {
  return shapes.map(([most, table, width]) => {
    const rows = Math.min(most, table);
    return {
      name: `scatterRows ${rows} of [${table}, ${width}]`,
      run(stage, samples) {
        const order = samples.uniform(table);
        const index = [...order.keys()].toSorted((a, b) => order[a] - order[b]).slice(0, rows);
        const out = stage.matrix(samples.normal(table * width), table, width);
        const x = stage.floats(samples.normal(rows * width));
        stage.kernels.scatterRows({ out, x, index: stage.ints(index), rows, width });
        return { out: { values: stage.read(out), tolerance: exact } };
      },
    };
  });
}

function gatherCases(): ConformanceCase[] {
  return shapes.flatMap(([rows, table, width]) =>
    [0, 1].flatMap((accumulate): ConformanceCase[] => [
      {
        name: `gatherRows ${rows} of [${table}, ${width}]${accumulate ? " accumulate" : ""}`,
        run(stage, samples) {
          // -1 stands for a row of zeros.
          const index = samples.integers(rows, table + 1).map((row) => row - 1);
          const out = accumulate ? stage.floats(samples.normal(rows * width)) : stage.room(rows, width);
          const x = stage.floats(samples.normal(table * width));
          stage.kernels.gatherRows({ out, x, index: stage.ints(index), rows, width, accumulate });
          return { out: { values: stage.read(out), tolerance: exact } };
        },
      },
      ...(accumulate
        ? [
            {
              name: `scatterAddRows ${rows} to [${table}, ${width}]`,
              run(stage, samples) {
                const index = samples.integers(rows, table + 1).map((row) => row - 1);
                const x = samples.normal(rows * width);
                const start = samples.normal(table * width);
                const out = stage.floats(start);
                stage.kernels.scatterAddRows({ out, x: stage.floats(x), index: stage.ints(index), rows, width });
                // As many additions as rows hit the same target: at most all.
                const of = (): Float64Array =>
                  mapped(table * width, (i) => {
                    const target = Math.floor(i / width);
                    return index.reduce(
                      (sum, row, r) => (row === target ? sum + Math.abs(x[r * width + (i % width)]) : sum),
                      Math.abs(start[i]),
                    );
                  });
                return { out: { values: stage.read(out), tolerance: { roundings: rows, of } } };
              },
            } satisfies ConformanceCase,
          ]
        : []),
    ]),
  );
}
