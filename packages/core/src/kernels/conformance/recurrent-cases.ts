import { smallestKept } from "../reference/flush.ts";
import type { ConformanceCase } from "./case.ts";
import { fromSlab } from "./gate-slab.ts";
import type { Outcome } from "./outcome.ts";
import { cells, gatesOf, layerProblem, rowCount, runBackward, runForward } from "./recurrent-layer.ts";
import type { LayerProblem } from "./recurrent-layer.ts";
import { chainRoundings, layerSizes } from "./recurrent-bounds.ts";
import type { LayerSizes } from "./recurrent-bounds.ts";
import { largest } from "./samples.ts";
import type { Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";

interface Shape {
  title: string;
  lengths: (samples: Samples) => number[];
  inputSize: number;
  hiddenSize: number;
  reverse?: boolean;
  bias?: boolean;
  gap?: number;
  inPlace?: boolean;
}

const equal = (batch: number, steps: number) => (): number[] => Array.from({ length: batch }, () => steps);
const mixed =
  (batch: number, longest: number) =>
  (samples: Samples): number[] =>
    samples.lengths(batch, longest);

const shapes: Shape[] = [
  { title: "one of everything", lengths: equal(1, 1), inputSize: 1, hiddenSize: 1 },
  { title: "one step", lengths: equal(3, 1), inputSize: 5, hiddenSize: 8 },
  { title: "one row", lengths: equal(1, 9), inputSize: 4, hiddenSize: 17 },
  { title: "hidden 1", lengths: mixed(5, 6), inputSize: 3, hiddenSize: 1 },
  { title: "hidden 3, no bias", lengths: mixed(6, 5), inputSize: 1, hiddenSize: 3, bias: false, gap: 2 },
  { title: "hidden 8, reverse", lengths: mixed(7, 6), inputSize: 8, hiddenSize: 8, reverse: true },
  {
    title: "hidden 17, reverse, equal lengths",
    lengths: equal(4, 5),
    inputSize: 11,
    hiddenSize: 17,
    reverse: true,
    gap: 17,
  },
  { title: "hidden 33", lengths: mixed(13, 11), inputSize: 19, hiddenSize: 33, gap: 33, inPlace: true },
  { title: "hidden 64", lengths: equal(16, 8), inputSize: 64, hiddenSize: 64 },
  { title: "hidden 64, many rows", lengths: mixed(37, 7), inputSize: 16, hiddenSize: 64, reverse: true },
  { title: "hidden 100", lengths: mixed(9, 20), inputSize: 48, hiddenSize: 100, inPlace: true },
  { title: "hidden 131, many inputs", lengths: mixed(5, 3), inputSize: 521, hiddenSize: 131 },
  { title: "hidden 8, more rows than a block", lengths: mixed(131, 4), inputSize: 3, hiddenSize: 8 },
  { title: "all rows empty", lengths: () => [0, 0, 0], inputSize: 2, hiddenSize: 5 },
];

function layerOutcomes(stage: Stage, problem: LayerProblem, { gap = 0, inPlace = false }): Record<string, Outcome> {
  const { cell, lengths, inputSize, hiddenSize } = problem;
  const gates = gatesOf(cell);
  const width = gates * hiddenSize;
  const rows = rowCount(lengths);
  const run = runForward(stage, problem, { gap, inPlace });
  const gradients = runBackward(stage, problem, run, { gap });
  const previousHidden = stage.read(run.previousHidden);

  let found: LayerSizes | null = null;
  const sizes = (): LayerSizes => (found ??= layerSizes(problem, previousHidden, gradients));
  const forward = (values: Float64Array): Outcome => {
    const of = (): number => sizes().seen * Math.max(1, largest(values));
    return { values, tolerance: { roundings: chainRoundings(inputSize + hiddenSize), of } };
  };
  const backward = (values: Float64Array, size: keyof LayerSizes, terms = 0): Outcome => {
    const of = (): number => sizes().seen * Math.max(sizes()[size], largest(values));
    return { values, tolerance: { roundings: chainRoundings(inputSize + width + terms), of } };
  };

  const outcomes: Record<string, Outcome> = {
    output: forward(stage.read(run.output)),
    finalHidden: forward(stage.read(run.finalHidden)),
    previousHidden: forward(previousHidden),
    gates: forward(fromSlab(stage, { rows, gates, hiddenSize }, run.gates)),
    gateGradients: backward(gradients.gates, "state"),
    hiddenGateGradients: backward(gradients.hiddenGates, "state"),
    gradInitialHidden: backward(gradients.initialHidden, "state"),
    hiddenTap: backward(gradients.hiddenTap, "state"),
    gradX: backward(gradients.x, "x"),
    gradWeightInput: backward(gradients.weightInput, "weightInput", rows),
    gradWeightHidden: backward(gradients.weightHidden, "weightHidden", rows),
    gradBiasInput: backward(gradients.biasInput, "biasInput", rows),
    gradBiasHidden: backward(gradients.biasHidden, "biasHidden", rows),
  };
  if (cell === "lstm") {
    outcomes.finalCell = forward(stage.read(run.finalCell));
    outcomes.previousCell = forward(stage.read(run.previousCell));
    outcomes.gradInitialCell = backward(gradients.initialCell, "state");
    outcomes.cellTap = backward(gradients.cellTap, "state");
  }
  if (run.candidate) outcomes.candidate = forward(stage.read(run.candidate));
  return outcomes;
}

function* layerCases(): Generator<ConformanceCase> {
  for (const cell of cells) {
    for (const { title, lengths, inputSize, hiddenSize, reverse, bias, ...options } of shapes) {
      yield {
        name: `${cell}, ${title}`,
        run(stage, samples) {
          const shape = { cell, lengths: lengths(samples), inputSize, hiddenSize, reverse, bias };
          return layerOutcomes(stage, layerProblem(samples, shape), options);
        },
      };
    }
    for (const absent of ["biasInput", "biasHidden", "gradOutput", "gradFinalHidden", "gradFinalCell"] as const) {
      if (absent === "gradFinalCell" && cell !== "lstm") continue;
      yield {
        name: `${cell} without ${absent}`,
        run(stage, samples) {
          const shape = { cell, lengths: samples.lengths(5, 4), inputSize: 3, hiddenSize: 9 };
          return layerOutcomes(stage, { ...layerProblem(samples, shape), [absent]: null }, {});
        },
      };
    }
    yield {
      name: `${cell} with saturated gates`,
      run(stage, samples) {
        const problem = layerProblem(samples, { cell, lengths: [6, 4, 1], inputSize: 3, hiddenSize: 10 });
        // Inputs of size 40 drive tanh and sigmoid to their ends; relu would only grow.
        const x = cell === "rnn relu" ? problem.x : Float32Array.from(problem.x, (value) => 40 * value);
        return layerOutcomes(stage, { ...problem, x }, {});
      },
    };
  }
}

/** A layer that only carries its state on: no input, no recurrent weights. */
function idleLayer(samples: Samples, cell: LayerProblem["cell"], lengths: number[], states: number[]): LayerProblem {
  const hiddenSize = states.length;
  const problem = layerProblem(samples, { cell, lengths, inputSize: 1, hiddenSize, bias: false });
  const width = gatesOf(cell) * hiddenSize;
  const repeated = lengths.flatMap(() => states);
  return {
    ...problem,
    weightInput: new Float32Array(width),
    weightHidden: new Float32Array(width * hiddenSize),
    initialHidden: repeated,
    initialCell: repeated,
    gradOutput: null,
    gradFinalHidden: repeated,
    gradFinalCell: repeated,
  };
}

/** Halved at every step (all gates 0.5), these end below 2^-100, just above it, and at zero. */
const fading = [0.75, 1.5, -1.5, 3, -3, 12, 0].map((factor) => factor * smallestKept);
/** Relative: a denormal that was not flushed is as wrong as a number that was. */
const relative = { roundings: 8 };

function* flushCases(): Generator<ConformanceCase> {
  for (const cell of ["lstm", "gru", "gru reset before"] as const) {
    yield {
      name: `${cell} flushes small states and state gradients to zero`,
      run(stage, samples) {
        const problem = idleLayer(samples, cell, [3, 1, 1], fading);
        const run = runForward(stage, problem);
        const gradients = runBackward(stage, problem, run);
        const outcomes: Record<string, Outcome> = {
          output: { values: stage.read(run.output), tolerance: relative },
          finalHidden: { values: stage.read(run.finalHidden), tolerance: relative },
          gates: { values: gradients.gates, tolerance: relative },
          gradInitialHidden: { values: gradients.initialHidden, tolerance: relative },
        };
        if (cell === "lstm") {
          outcomes.finalCell = { values: stage.read(run.finalCell), tolerance: relative };
          outcomes.gradInitialCell = { values: gradients.initialCell, tolerance: relative };
        }
        return outcomes;
      },
    };
  }
  for (const cell of ["rnn", "rnn relu"] as const) {
    yield {
      name: `${cell} flushes small states and gradients to zero`,
      run(stage, samples) {
        const problem = idleLayer(samples, cell, [3, 1, 1], fading);
        const size = fading.length;
        // W_hh = 0.5 I: the state halves.
        const weightHidden = new Float32Array(size * size);
        for (let j = 0; j < size; j++) weightHidden[j * size + j] = 0.5;
        const halving = { ...problem, weightHidden };
        const run = runForward(stage, halving);
        const gradients = runBackward(stage, halving, run);
        return {
          output: { values: stage.read(run.output), tolerance: relative },
          finalHidden: { values: stage.read(run.finalHidden), tolerance: relative },
          gates: { values: gradients.gates, tolerance: relative },
          gradInitialHidden: { values: gradients.initialHidden, tolerance: relative },
        };
      },
    };
  }
}

function* nanCases(): Generator<ConformanceCase> {
  for (const cell of cells) {
    yield {
      name: `${cell} keeps NaN in its own row`,
      run(stage, samples) {
        const hiddenSize = 9;
        const problem = layerProblem(samples, { cell, lengths: [4, 4, 3, 1, 0], inputSize: 3, hiddenSize });
        const initialHidden = Float64Array.from(problem.initialHidden).fill(NaN, hiddenSize, 2 * hiddenSize);
        const clean = stage.read(runForward(stage, problem).finalHidden);
        const spoilt = stage.read(runForward(stage, { ...problem, initialHidden }).finalHidden);
        // The second row's state was NaN from the start, so is its end; no other row may have seen it.
        const expected = clean.slice().fill(NaN, hiddenSize, 2 * hiddenSize);
        return { finalHidden: { values: spoilt, sameBitsAs: expected } };
      },
    };
  }
}

export function recurrentCases(): ConformanceCase[] {
  return [...layerCases(), ...flushCases(), ...nanCases()];
}
