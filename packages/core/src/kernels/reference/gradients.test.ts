import { describe, expect, test } from "vitest";
import {
  batchSizesOf,
  cells,
  layerProblem,
  packedRow,
  runBackward,
  runForward,
} from "../conformance/recurrent-layer.ts";
import type { LayerGradients, LayerProblem } from "../conformance/recurrent-layer.ts";
import { Samples } from "../conformance/samples.ts";
import { Stage } from "../conformance/stage.ts";
import { unaryOperations } from "../signatures/elementwise.ts";
import { createReferenceKernels } from "./index.ts";

// The oracle is checked against calculus alone: every backward kernel with central differences of its forward kernel,
// and the recurrences with their formulas written out for one row at a time.
const set = createReferenceKernels("f64");

/** Lays out a kernel call on a fresh stage and gives what it wrote. */
function staged<T>(call: (stage: Stage) => T): T {
  return call(new Stage(set, true));
}

/** dL/dx by central differences. */
function numericGradient(x: ArrayLike<number>, loss: (x: Float64Array) => number): Float64Array {
  const step = 1e-5;
  return Float64Array.from(x, (value, i) => {
    const moved = Float64Array.from(x);
    moved[i] = value + step;
    const above = loss(moved);
    moved[i] = value - step;
    return (above - loss(moved)) / (2 * step);
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
}

/** Truncation is of the order step^2, rounding of 1e-16 / step: together below 1e-8 for numbers of size 1 to 10. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const errors = Array.from(actual, (value, i) => Math.abs(value - expected[i]));
  expect(Math.max(0, ...errors)).toBeLessThan(1e-8);
  expect(errors.some(Number.isNaN)).toBe(false);
}

test.each(unaryOperations.map((name, operation) => ({ name, operation })))(
  "the gradient of $name agrees with finite differences",
  ({ name, operation }) => {
    const samples = new Samples(name);
    const count = 12;
    const x = samples.normal(count).map((value) => (name === "log" ? Math.abs(value) + 0.1 : value));
    const gradY = samples.normal(count);
    const forward = (values: ArrayLike<number>): Float64Array =>
      staged((stage) => {
        const out = stage.room(1, count);
        stage.kernels.unary({ out, x: stage.floats(values), count, operation });
        return stage.read(out);
      });
    const y = forward(x);
    const actual = staged((stage) => {
      const gradX = stage.room(1, count);
      stage.kernels.unaryBackward({
        gradX,
        gradY: stage.floats(gradY),
        x: stage.floats(x),
        y: stage.floats(y),
        count,
        operation,
        accumulate: 0,
      });
      return stage.read(gradX);
    });
    expectClose(
      actual,
      numericGradient(x, (moved) => dot(forward(moved), gradY)),
    );
  },
);

test.each([0, 1])("the gradient of softmax (log %d) agrees with finite differences", (log) => {
  const samples = new Samples(`softmax ${log}`);
  const [rows, width] = [3, 5];
  const x = samples.normal(rows * width, 2);
  const gradY = samples.normal(rows * width);
  const forward = (values: ArrayLike<number>): Float64Array =>
    staged((stage) => {
      const out = stage.room(rows, width);
      stage.kernels.softmax({ out, x: stage.floats(values), rows, width, log });
      return stage.read(out);
    });
  const y = forward(x);
  const actual = staged((stage) => {
    const gradX = stage.room(rows, width);
    const args = { gradX, gradY: stage.floats(gradY), y: stage.floats(y), rows, width, log, accumulate: 0 };
    stage.kernels.softmaxBackward(args);
    return stage.read(gradX);
  });
  expectClose(
    actual,
    numericGradient(x, (moved) => dot(forward(moved), gradY)),
  );
});

describe("cross-entropy", () => {
  const [rows, classes, ignoreIndex] = [5, 4, -100];
  const targets = [3, ignoreIndex, 0, 2, ignoreIndex];

  const forward = (
    logits: ArrayLike<number>,
    mean: number,
    labelSmoothing: number,
  ): { loss: number; counted: number; logNormalizer: Float64Array } =>
    staged((stage) => {
      const [loss, counted, logNormalizer] = [stage.room(1), stage.room(1), stage.room(rows, 2)];
      stage.kernels.crossEntropy({
        loss,
        counted,
        logNormalizer,
        logits: stage.floats(logits),
        targets: stage.ints(targets),
        weights: 0,
        rows,
        classes,
        ignoreIndex,
        mean,
        labelSmoothing,
      });
      const [value, count] = [stage.read(loss)[0], stage.read(counted)[0]];
      return { loss: value, counted: count, logNormalizer: stage.read(logNormalizer) };
    });

  test.each([
    { mean: 0, labelSmoothing: 0 },
    { mean: 1, labelSmoothing: 0 },
    { mean: 1, labelSmoothing: 0.2 },
    { mean: 0, labelSmoothing: 0.2 },
  ])("has the gradient of finite differences (mean $mean, smoothing $labelSmoothing)", ({ mean, labelSmoothing }) => {
    const logits = new Samples("logits").normal(rows * classes, 2);
    const { counted, logNormalizer } = forward(logits, mean, labelSmoothing);
    const actual = staged((stage) => {
      const gradLogits = stage.room(rows, classes);
      stage.kernels.crossEntropyBackward({
        gradLogits,
        gradLoss: stage.floats([0.7]),
        counted: stage.floats([counted]),
        logNormalizer: stage.floats(logNormalizer),
        logits: stage.floats(logits),
        targets: stage.ints(targets),
        weights: 0,
        rows,
        classes,
        ignoreIndex,
        mean,
        accumulate: 0,
        labelSmoothing,
      });
      return stage.read(gradLogits);
    });
    expectClose(
      actual,
      numericGradient(logits, (moved) => 0.7 * forward(moved, mean, labelSmoothing).loss),
    );
  });

  test("is -log p of the target, averaged over what is counted", () => {
    // Row 1 and 4 are ignored; the others have p(target) = 1/2, 1/4, 1/4.
    const third = Math.log(1 / 3);
    const logits = [third, third, third, 0, 9, 9, 9, 9, 5, 5, 5, 5, -2, -2, -2, -2, NaN, 1, 1, 1];
    const { loss, counted } = forward(logits, 1, 0);
    expect(counted).toBe(3);
    expect(loss).toBeCloseTo((Math.log(2) + 2 * Math.log(4)) / 3, 12);
  });
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Final states and outputs of one row, by the formulas, with no batch around it. */
function oneRow(problem: LayerProblem, b: number): { output: Map<number, number[]>; h: number[]; c: number[] } {
  const { cell, lengths, inputSize: I, hiddenSize: H, reverse } = problem;
  const times = (weight: ArrayLike<number>, gate: number, vector: number[]): number[] =>
    Array.from({ length: H }, (_, j) =>
      vector.reduce((sum, value, k) => sum + weight[(gate * H + j) * vector.length + k] * value, 0),
    );
  const bias = (values: ArrayLike<number> | null, gate: number): number[] =>
    Array.from({ length: H }, (_, j) => values?.[gate * H + j] ?? 0);
  const sum = (...terms: number[][]): number[] =>
    Array.from({ length: H }, (_, j) => terms.reduce((total, term) => total + term[j], 0));

  let h = Array.from(problem.initialHidden).slice(b * H, (b + 1) * H);
  let c = Array.from(problem.initialCell).slice(b * H, (b + 1) * H);
  const output = new Map<number, number[]>();
  for (let i = 0; i < lengths[b]; i++) {
    const t = reverse ? lengths[b] - 1 - i : i;
    const row = packedRow(lengths, b, t);
    const x = Array.from(problem.x).slice(row * I, (row + 1) * I);
    const input = (g: number): number[] => sum(times(problem.weightInput, g, x), bias(problem.biasInput, g));
    const hidden = (g: number, from = h): number[] =>
      sum(times(problem.weightHidden, g, from), bias(problem.biasHidden, g));
    const before = h;
    if (cell === "lstm") {
      const [i_, f, g, o] = [0, 1, 2, 3].map((gate) => sum(input(gate), hidden(gate)));
      c = c.map((value, j) => sigmoid(f[j]) * value + sigmoid(i_[j]) * Math.tanh(g[j]));
      h = c.map((value, j) => sigmoid(o[j]) * Math.tanh(value));
    } else if (cell === "rnn") {
      h = sum(input(0), hidden(0)).map(Math.tanh);
    } else if (cell === "rnn relu") {
      h = sum(input(0), hidden(0)).map((value) => Math.max(0, value));
    } else {
      const [r, z] = [0, 1].map((gate) => sum(input(gate), hidden(gate)).map(sigmoid));
      const reset = before.map((value, j) => r[j] * value);
      const candidate = cell === "gru" ? hidden(2).map((value, j) => r[j] * value) : hidden(2, reset);
      const n = sum(input(2), candidate).map(Math.tanh);
      h = before.map((value, j) => (1 - z[j]) * n[j] + z[j] * value);
    }
    output.set(row, h);
  }
  return { output, h, c };
}

const layers = cells.flatMap((cell) => [false, true].map((reverse) => ({ cell, reverse })));

describe.each(layers)("$cell, reverse $reverse, with lengths 5, 3, 3, 1 and 0", ({ cell, reverse }) => {
  const samples = new Samples(`${cell} ${reverse}`);
  const lengths = [5, 3, 3, 1, 0];
  const hiddenSize = 3;
  const problem = layerProblem(samples, { cell, lengths, inputSize: 2, hiddenSize, reverse });

  test("follows the formulas, row by row", () => {
    staged((stage) => {
      const run = runForward(stage, problem);
      const [output, h] = [stage.read(run.output), stage.read(run.finalHidden)];
      expect(batchSizesOf(lengths)).toEqual([4, 3, 3, 1, 1]);
      for (const b of lengths.keys()) {
        const expected = oneRow(problem, b);
        const own = [b * hiddenSize, (b + 1) * hiddenSize] as const;
        expectClose(h.slice(...own), expected.h);
        if (cell === "lstm") expectClose(stage.read(run.finalCell).slice(...own), expected.c);
        for (const [row, values] of expected.output) {
          expectClose(output.slice(row * hiddenSize, (row + 1) * hiddenSize), values);
        }
      }
    });
  });

  // The loss is the sum of every result times the gradient that is given for it.
  const loss = (changed: Partial<LayerProblem>): number =>
    staged((stage) => {
      const run = runForward(stage, { ...problem, ...changed });
      const ofCell = run.finalCell ? dot(stage.read(run.finalCell), problem.gradFinalCell!) : 0;
      return (
        dot(stage.read(run.output), problem.gradOutput!) +
        dot(stage.read(run.finalHidden), problem.gradFinalHidden!) +
        ofCell
      );
    });

  const inputs = [
    "x",
    "weightInput",
    "weightHidden",
    "biasInput",
    "biasHidden",
    "initialHidden",
    "initialCell",
  ] as const;
  const gradients: LayerGradients = staged((stage) => runBackward(stage, problem, runForward(stage, problem)));

  test.each(inputs.filter((input) => input !== "initialCell" || cell === "lstm"))(
    "has the gradient of finite differences for %s",
    (input) => {
      expectClose(
        gradients[input],
        numericGradient(problem[input]!, (moved) => loss({ [input]: moved })),
      );
    },
  );
});
