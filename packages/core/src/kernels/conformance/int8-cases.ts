import type { ConformanceCase } from "./case.ts";
import type { Outcome } from "./outcome.ts";
import { exact } from "./outcome.ts";
import { cells, gatesOf } from "./recurrent-layer.ts";
import type { Cell } from "./recurrent-layer.ts";
import { largest, mapped, productMagnitudes, transposed } from "./samples.ts";
import type { Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";

/** Where packInt8 left a weight [G*H, K]. */
function packed(
  stage: Stage,
  weight: ArrayLike<number>,
  [gates, hiddenSize, inputs]: [gates: number, hiddenSize: number, inputs: number],
): { panels: number; scales: number } {
  const { set, kernels } = stage;
  const width = set.gateWidth(gates, hiddenSize);
  const panels = stage.room(1, Math.ceil((width * (inputs + (inputs % 2))) / set.bytesPerFloat));
  const scales = stage.room(1, width);
  kernels.packInt8({ panels, scales, weight: stage.floats(weight), gates, hiddenSize, inputs });
  return { panels, scales };
}

interface Product {
  m: number;
  n: number;
  k: number;
  a: ArrayLike<number>;
  weight: ArrayLike<number>;
  bias: ArrayLike<number> | null;
}

function product(samples: Samples, [m, n, k]: [number, number, number], bias: boolean): Product {
  return {
    m,
    n,
    k,
    a: samples.normal(m * k),
    weight: samples.normal(n * k),
    bias: bias ? samples.normal(n) : null,
  };
}

function runGemm(stage: Stage, { m, n, k, a, weight, bias }: Product, gap = 0): Float64Array {
  const [aStride, cStride] = [k + gap, n + gap];
  const c = stage.room(m, n, cStride);
  stage.kernels.gemmInt8({
    c,
    a: stage.matrix(a, m, k, aStride),
    ...packed(stage, weight, [1, n, k]),
    bias: bias ? stage.floats(bias) : 0,
    m,
    n,
    k,
    cStride,
    aStride,
  });
  return stage.read(c);
}

/** The whole numbers are the same on every kernel set; what differs is how their sums are scaled and added. */
function productOutcome(values: Float64Array, { m, n, k, a, weight, bias }: Product): Outcome {
  const of = (): Float64Array =>
    productMagnitudes(a, transposed(weight, n, k), m, n, k).map((sum, i) => sum + Math.abs(bias?.[i % n] ?? 0));
  return { values, tolerance: { roundings: 4 + 4 * Math.ceil(k / 512), of } };
}

/** [m, n, k]: single ones, odd, tails on either side of vectors and strips, more than one block. */
const shapes: [m: number, n: number, k: number][] = [
  [1, 1, 1],
  [1, 17, 3],
  [2, 3, 5],
  [3, 33, 512],
  [5, 40, 513],
  [4, 65, 64],
  [1, 129, 1300],
  [7, 200, 31],
  [130, 4, 6],
];

function* gemmCases(): Generator<ConformanceCase> {
  for (const shape of shapes) {
    for (const bias of [false, true]) {
      yield {
        name: `gemmInt8 [${shape.join(", ")}]${bias ? " bias" : ""}`,
        run(stage, samples) {
          const problem = product(samples, shape, bias);
          return { c: productOutcome(runGemm(stage, problem, bias ? 3 : 0), problem) };
        },
      };
    }
    yield {
      name: `gemmInt8 has the same bits row by row [${shape.join(", ")}]`,
      run(stage, samples) {
        const problem = product(samples, shape, true);
        const { m, k, a } = problem;
        const rows = Array.from({ length: Math.min(m, 5) }, (_, i) =>
          runGemm(stage, { ...problem, m: 1, a: Array.from(a).slice(i * k, (i + 1) * k) }),
        );
        const sameBitsAs = runGemm(stage, problem).slice(0, rows.length * problem.n);
        return { rowByRow: { values: rows.flatMap((row) => [...row]), sameBitsAs } };
      },
    };
  }
  yield {
    name: "packInt8 of zeros, of denormals, and of what is not finite, for gemmInt8",
    run(stage, samples) {
      const [m, n, k] = [5, 9, 20];
      const a = samples.normal(m * k).slice();
      const weight = samples.normal(n * k).slice();
      a.fill(0, 0, k).fill(1e-40, k, 2 * k);
      a[2 * k + 7] = Infinity;
      a[3 * k + 2] = NaN;
      weight.fill(0, 0, k).fill(-1e-35, k, 2 * k);
      weight[3 * k + 1] = -Infinity;
      weight[4 * k + 19] = NaN;
      const problem = { m, n, k, a, weight, bias: samples.normal(n) };
      const finite = { ...problem, a: a.map(finiteOr0), weight: weight.map(finiteOr0) };
      const outcome = productOutcome(runGemm(stage, problem), finite);
      return { c: outcome };
    },
  };
}

function finiteOr0(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

interface StepShape {
  rows: number;
  inputSize: number;
  hiddenSize: number;
  bias: boolean;
}

const stepShapes: StepShape[] = [
  { rows: 1, inputSize: 1, hiddenSize: 1, bias: true },
  { rows: 1, inputSize: 40, hiddenSize: 64, bias: true },
  { rows: 2, inputSize: 7, hiddenSize: 8, bias: false },
  { rows: 5, inputSize: 3, hiddenSize: 17, bias: true },
  { rows: 4, inputSize: 33, hiddenSize: 100, bias: false },
  { rows: 3, inputSize: 515, hiddenSize: 133, bias: true },
  { rows: 2, inputSize: 5, hiddenSize: 530, bias: true },
];

interface StepProblem extends StepShape {
  cell: Cell;
  x: ArrayLike<number>;
  weightInput: ArrayLike<number>;
  weightHidden: ArrayLike<number>;
  biases: ArrayLike<number>;
  hiddenBias: ArrayLike<number>;
  hidden: ArrayLike<number>;
  cellState: ArrayLike<number>;
}

function stepProblem(samples: Samples, cell: Cell, shape: StepShape): StepProblem {
  const { rows, inputSize, hiddenSize } = shape;
  const width = gatesOf(cell) * hiddenSize;
  const bound = 1 / Math.sqrt(hiddenSize);
  return {
    ...shape,
    cell,
    x: samples.normal(rows * inputSize),
    weightInput: samples.uniform(width * inputSize, -bound, bound),
    weightHidden: samples.uniform(width * hiddenSize, -bound, bound),
    biases: samples.uniform(width, -bound, bound),
    hiddenBias: samples.uniform(hiddenSize, -bound, bound),
    hidden: samples.uniform(rows * hiddenSize),
    cellState: samples.normal(rows * hiddenSize),
  };
}

/** Some rows of a step's problem as one of their own. */
function rowsOf(problem: StepProblem, first: number, count: number): StepProblem {
  const cut = (values: ArrayLike<number>, width: number): number[] =>
    Array.from(values).slice(first * width, (first + count) * width);
  const { inputSize, hiddenSize } = problem;
  return {
    ...problem,
    rows: count,
    x: cut(problem.x, inputSize),
    hidden: cut(problem.hidden, hiddenSize),
    cellState: cut(problem.cellState, hiddenSize),
  };
}

function runStep(stage: Stage, problem: StepProblem): { hidden: Float64Array; cell: Float64Array } {
  const { cell, rows, inputSize, hiddenSize, bias } = problem;
  const { set, kernels } = stage;
  const gates = gatesOf(cell);
  const input = packed(stage, problem.weightInput, [gates, hiddenSize, inputSize]);
  const recurrent = packed(stage, problem.weightHidden, [gates, hiddenSize, hiddenSize]);
  const hidden = stage.matrix(problem.hidden, rows, hiddenSize);
  const args = {
    x: stage.matrix(problem.x, rows, inputSize),
    inputPanels: input.panels,
    inputScales: input.scales,
    hiddenPanels: recurrent.panels,
    hiddenScales: recurrent.scales,
    bias: bias ? stage.floats(problem.biases) : 0,
    hidden,
    gates: stage.room(rows, set.gateWidth(gates, hiddenSize)),
    rows,
    inputSize,
    hiddenSize,
  };
  if (cell === "lstm") {
    const cellState = stage.matrix(problem.cellState, rows, hiddenSize);
    kernels.lstmStepInt8({ ...args, cell: cellState });
    return { hidden: stage.read(hidden), cell: stage.read(cellState) };
  }
  if (cell === "gru" || cell === "gru reset before") {
    const candidate = stage.room(rows, set.gateWidth(1, hiddenSize));
    const hiddenBias = bias && cell === "gru" ? stage.floats(problem.hiddenBias) : 0;
    kernels.gruStepInt8({ ...args, candidate, hiddenBias, resetAfter: Number(cell === "gru") });
  } else {
    kernels.rnnStepInt8({ ...args, relu: Number(cell === "rnn relu") });
  }
  return { hidden: stage.read(hidden), cell: new Float64Array(0) };
}

const kernelOf = { rnn: "rnnStepInt8", "rnn relu": "rnnStepInt8", lstm: "lstmStepInt8" } as const;

function* stepCases(): Generator<ConformanceCase> {
  for (const cell of cells) {
    const kernel = cell.startsWith("gru") ? "gruStepInt8" : kernelOf[cell as keyof typeof kernelOf];
    for (const shape of stepShapes) {
      const { rows, inputSize, hiddenSize, bias } = shape;
      const title = `${kernel}, ${cell}, ${rows} rows, ${inputSize} inputs, hidden ${hiddenSize}${bias ? "" : ", no bias"}`;
      yield {
        name: title,
        run(stage, samples) {
          const problem = stepProblem(samples, cell, shape);
          const found = runStep(stage, problem);
          const width = gatesOf(cell) * hiddenSize;
          const sums = (values: ArrayLike<number>, weight: ArrayLike<number>, inputs: number): number =>
            largest(productMagnitudes(values, transposed(weight, width, inputs), rows, width, inputs));
          const of = (): number =>
            4 +
            sums(problem.x, problem.weightInput, inputSize) +
            sums(problem.hidden, problem.weightHidden, hiddenSize);
          // Where r*h is rounded to 16 bits, kernel sets may take neighbouring whole numbers.
          const step = largest(problem.hidden) / 32767;
          const absolute =
            cell === "gru reset before" ? step * Math.sqrt(hiddenSize) * largest(problem.weightHidden) : 0;
          const tolerance = { roundings: 16, of, absolute };
          return {
            hidden: { values: found.hidden, tolerance },
            cell: { values: found.cell, tolerance },
          };
        },
      };
      if (rows === 1) continue;
      yield {
        name: `${title}: the same bits alone`,
        run(stage, samples) {
          const problem = stepProblem(samples, cell, shape);
          const together = runStep(stage, problem);
          const alone = Array.from({ length: rows }, (_, row) => runStep(stage, rowsOf(problem, row, 1)));
          return {
            hidden: { values: alone.flatMap(({ hidden }) => [...hidden]), sameBitsAs: together.hidden },
            cell: { values: alone.flatMap((row) => [...row.cell]), sameBitsAs: together.cell },
          };
        },
      };
    }
  }
}

function* rowCases(): Generator<ConformanceCase> {
  for (const [rows, table, width] of [
    [1, 1, 1],
    [6, 3, 7],
    [40, 11, 64],
    [5, 9, 19],
    [0, 4, 3],
  ]) {
    yield {
      name: `gatherRowsInt8 ${rows} of [${table}, ${width}], by packRowsInt8`,
      run(stage, samples) {
        const values = samples.normal(table * width).slice();
        values.fill(0, 0, width);
        const packedRows = stage.room(1, Math.ceil((table * width) / stage.set.bytesPerFloat));
        const scales = stage.room(1, table);
        const x = stage.floats(values);
        stage.kernels.packRowsInt8({ out: packedRows, scales, x, rows: table, width });
        const index = stage.ints(samples.integers(rows, table));
        const out = stage.room(rows, width);
        stage.kernels.gatherRowsInt8({ out, x: packedRows, scales, index, rows, width });
        return {
          scales: { values: stage.read(scales), tolerance: { roundings: 1 } },
          out: { values: stage.read(out), tolerance: { roundings: 2 } },
        };
      },
    };
  }
  yield {
    name: "packRowsInt8 rounds to the nearest, ties to even",
    run(stage) {
      const values = [127, 0.5, 1.5, 2.5, -0.5, -1.5, 0.49, -126.51];
      const packedRows = stage.room(1, 2);
      const scales = stage.room(1, 1);
      stage.kernels.packRowsInt8({
        out: packedRows,
        scales,
        x: stage.floats(values),
        rows: 1,
        width: values.length,
      });
      const out = stage.room(1, values.length);
      const index = stage.ints([0]);
      stage.kernels.gatherRowsInt8({ out, x: packedRows, scales, index, rows: 1, width: values.length });
      const expected = [127, 0, 2, 2, 0, -2, 0, -127];
      const difference = mapped(values.length, (i) => stage.read(out)[i] - expected[i]);
      return { difference: { values: difference, tolerance: exact } };
    },
  };
}

/** Weights of 8 bits: products, steps and rows. */
export function int8Cases(): ConformanceCase[] {
  return [...gemmCases(), ...stepCases(), ...rowCases()];
}
