import { unaryOperations } from "../signatures/elementwise.ts";
import type { ConformanceCase } from "./case.ts";
import { fromSlab, projectToSlab } from "./gate-slab.ts";
import { gemmProblem, gemmShapes, gemmStarts, runGemm, runGemmPacked } from "./gemm-cases.ts";
import type { Outcome } from "./outcome.ts";
import { cells, gatesOf, layerProblem, packedRow, runBackward, runForward } from "./recurrent-layer.ts";
import type { LayerProblem } from "./recurrent-layer.ts";
import { transposed } from "./samples.ts";
import type { Stage } from "./stage.ts";

const plain = { transposeA: 0, transposeB: 0, gap: 0 };

function* gemmBitCases(): Generator<ConformanceCase> {
  for (const shape of gemmShapes) {
    for (const options of gemmStarts(shape)) {
      const [m, n, k] = shape;
      const title = `[${shape.join(", ")}]${options.bias ? " bias" : ""}${options.accumulate ? " accumulate" : ""}`;
      yield {
        name: `gemm has the same bits packed, transposed and row by row ${title}`,
        run(stage, samples) {
          const problem = gemmProblem(samples, shape, options);
          const whole = runGemm(stage, problem, plain);
          const row = (i: number): typeof problem => {
            const [a, start] = [problem.a.slice(i * k, (i + 1) * k), problem.start.slice(i * n, (i + 1) * n)];
            return { ...problem, m: 1, a, start };
          };
          const rows = Array.from({ length: Math.min(m, 5) }, (_, i) => runGemm(stage, row(i), plain));
          const packedRows = rows.map((_, i) => runGemmPacked(stage, row(i), plain));
          const upTo = whole.slice(0, rows.length * n);
          return {
            packed: { values: runGemmPacked(stage, problem, plain), sameBitsAs: whole },
            transposedA: { values: runGemm(stage, problem, { ...plain, transposeA: 1 }), sameBitsAs: whole },
            transposedB: { values: runGemm(stage, problem, { ...plain, transposeB: 1 }), sameBitsAs: whole },
            transposedBoth: {
              values: runGemm(stage, problem, { transposeA: 1, transposeB: 1, gap: 3 }),
              sameBitsAs: whole,
            },
            packedTransposed: { values: runGemmPacked(stage, problem, { transposeB: 1, gap: 1 }), sameBitsAs: whole },
            rowByRow: { values: rows.flatMap((values) => [...values]), sameBitsAs: upTo },
            packedRowByRow: { values: packedRows.flatMap((values) => [...values]), sameBitsAs: upTo },
          };
        },
      };
    }
  }
  for (const [rows, gates, hiddenSize, inputs] of [
    [5, 1, 17, 7],
    [9, 3, 33, 20],
    [13, 4, 19, 41],
  ]) {
    yield {
      name: `a gate slab has gemm's bits [${rows}, ${gates}x${hiddenSize}] with ${inputs} inputs`,
      run(stage, samples) {
        const width = gates * hiddenSize;
        const problem = gemmProblem(samples, [rows, width, inputs], { bias: true });
        const slab = projectToSlab(
          stage,
          { rows, gates, hiddenSize },
          { weight: transposed(problem.b, inputs, width), x: problem.a, inputs, bias: problem.bias },
        );
        const values = fromSlab(stage, { rows, gates, hiddenSize }, slab);
        return { slab: { values, sameBitsAs: runGemm(stage, problem, plain) } };
      },
    };
  }
}

/** A result must not depend on where in the array an element lies: tails use the same formula as the rest. */
function* positionCases(): Generator<ConformanceCase> {
  for (const [operation, name] of unaryOperations.entries()) {
    yield {
      name: `unary ${name} gives an element the same bits at any position`,
      run(stage, samples) {
        const count = 77;
        const x = stage.floats(samples.normal(count, 4).map(Math.abs));
        const whole = stage.room(1, count);
        stage.kernels.unary({ out: whole, x, count, operation });
        const single = stage.room(1, count);
        for (let i = 0; i < count; i++) {
          const at = i * stage.set.bytesPerFloat;
          stage.kernels.unary({ out: single + at, x: x + at, count: 1, operation });
        }
        return { single: { values: stage.read(single), sameBitsAs: stage.read(whole) } };
      },
    };
  }
  for (const log of [0, 1]) {
    yield {
      name: `softmax${log ? " log" : ""} gives a row the same bits alone`,
      run(stage, samples) {
        const [rows, width] = [9, 37];
        const x = stage.floats(samples.normal(rows * width, 4));
        const [whole, single] = [stage.room(rows, width), stage.room(rows, width)];
        stage.kernels.softmax({ out: whole, x, rows, width, log });
        for (let r = 0; r < rows; r++) {
          const at = r * width * stage.set.bytesPerFloat;
          stage.kernels.softmax({ out: single + at, x: x + at, rows: 1, width, log });
        }
        return { single: { values: stage.read(single), sameBitsAs: stage.read(whole) } };
      },
    };
  }
  yield {
    name: "dropout draws by (batch row, time), whatever the order of the rows",
    run(stage, samples) {
      const [rows, width, batch] = [15, 13, 5];
      const x = stage.floats(samples.normal(rows * width));
      const args = { x, rows, width, batch, key0: 7, key1: 9, threshold: 0x60000000, accumulate: 0, scale: 1.5 };
      const [implied, given] = [stage.room(rows, width), stage.room(rows, width)];
      const rowIds = stage.ints(Array.from({ length: rows }, (_, r) => [r % batch, Math.floor(r / batch)]).flat());
      stage.kernels.dropout({ ...args, out: implied, rowIds: 0 });
      stage.kernels.dropout({ ...args, out: given, rowIds });
      return { given: { values: stage.read(given), sameBitsAs: stage.read(implied) } };
    },
  };
}

interface Forward {
  output: Float64Array;
  finalHidden: Float64Array;
  finalCell: Float64Array;
}

function forward(stage: Stage, problem: LayerProblem, gap = 0, inPlace = false): Forward {
  const run = runForward(stage, problem, { gap, inPlace });
  return {
    output: stage.read(run.output),
    finalHidden: stage.read(run.finalHidden),
    finalCell: run.finalCell ? stage.read(run.finalCell) : new Float64Array(0),
  };
}

function compared(actual: Forward, expected: Forward): Record<string, Outcome> {
  return {
    output: { values: actual.output, sameBitsAs: expected.output },
    finalHidden: { values: actual.finalHidden, sameBitsAs: expected.finalHidden },
    finalCell: { values: actual.finalCell, sameBitsAs: expected.finalCell },
  };
}

/** Packed rows [N, width] of some batch rows between two times, packed again as a batch of their own. */
function repacked(
  values: ArrayLike<number>,
  width: number,
  lengths: number[],
  { batchRows, from, to }: { batchRows: number[]; from: number; to: number },
): { values: Float64Array; lengths: number[] } {
  const left = batchRows.map((b) => Math.max(0, Math.min(lengths[b], to) - from));
  const result: number[] = [];
  for (let t = from; t < to; t++) {
    for (const [i, b] of batchRows.entries()) {
      if (t - from >= left[i]) continue;
      const row = packedRow(lengths, b, t);
      for (let j = 0; j < width; j++) result.push(values[row * width + j]);
    }
  }
  return { values: Float64Array.from(result), lengths: left };
}

/** The same layer for one row of the batch. */
function problemOfRow(problem: LayerProblem, b: number): LayerProblem {
  const { lengths, inputSize, hiddenSize } = problem;
  const ofSteps = (values: ArrayLike<number>, width: number): Float64Array => {
    return repacked(values, width, lengths, { batchRows: [b], from: 0, to: lengths[b] }).values;
  };
  const ofState = (values: ArrayLike<number>): number[] => {
    return Array.from(values).slice(b * hiddenSize, (b + 1) * hiddenSize);
  };
  return {
    ...problem,
    lengths: [lengths[b]],
    x: ofSteps(problem.x, inputSize),
    initialHidden: ofState(problem.initialHidden),
    initialCell: ofState(problem.initialCell),
    gradOutput: problem.gradOutput && ofSteps(problem.gradOutput, hiddenSize),
    gradFinalHidden: problem.gradFinalHidden && ofState(problem.gradFinalHidden),
    gradFinalCell: problem.gradFinalCell && ofState(problem.gradFinalCell),
  };
}

/** Runs a forward layer in chunks of time, each from the last one's final state, and puts the outputs together again. */
function inChunks(stage: Stage, problem: LayerProblem, cuts: number[]): Forward {
  const { lengths, inputSize, cell } = problem;
  const batchRows = lengths.map((_, b) => b);
  const outputs: number[] = [];
  let { initialHidden, initialCell } = problem;
  for (const [i, from] of cuts.slice(0, -1).entries()) {
    const x = repacked(problem.x, inputSize, lengths, { batchRows, from, to: cuts[i + 1] });
    const chunk = { ...problem, x: x.values, lengths: x.lengths, initialHidden, initialCell };
    const { output, finalHidden, finalCell } = forward(stage, chunk);
    outputs.push(...output);
    [initialHidden, initialCell] = [finalHidden, finalCell];
  }
  return {
    output: Float64Array.from(outputs),
    finalHidden: Float64Array.from(initialHidden),
    finalCell: cell === "lstm" ? Float64Array.from(initialCell) : new Float64Array(0),
  };
}

function* recurrentBitCases(): Generator<ConformanceCase> {
  for (const cell of cells) {
    for (const hiddenSize of [1, 8, 17, 33]) {
      const inputSize = hiddenSize === 8 ? 40 : 5;
      yield {
        name: `${cell} has the same bits whole, in chunks and step by step, hidden ${hiddenSize}`,
        run(stage, samples) {
          const problem = layerProblem(samples, { cell, lengths: samples.lengths(7, 9), inputSize, hiddenSize });
          const whole = forward(stage, problem);
          const chunks = compared(inChunks(stage, problem, [0, 4, 5, 9]), whole);
          const steps = compared(inChunks(stage, problem, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), whole);
          return {
            ...Object.fromEntries(Object.entries(chunks).map(([name, found]) => [`chunks ${name}`, found])),
            ...Object.fromEntries(Object.entries(steps).map(([name, found]) => [`steps ${name}`, found])),
          };
        },
      };
      yield {
        name: `${cell} gives a row the same bits alone as in a batch, hidden ${hiddenSize}`,
        run(stage, samples) {
          const outcomes: Record<string, Outcome> = {};
          for (const reverse of [false, true]) {
            const shape = { cell, lengths: samples.lengths(11, 6), inputSize, hiddenSize, reverse };
            const problem = layerProblem(samples, shape);
            const { lengths } = problem;
            const whole = forward(stage, problem);
            for (const b of [0, 1, 4, 10]) {
              const own = [b * hiddenSize, (b + 1) * hiddenSize] as const;
              const alone = forward(stage, problemOfRow(problem, b));
              const expected = {
                output: repacked(whole.output, hiddenSize, lengths, { batchRows: [b], from: 0, to: 6 }).values,
                finalHidden: whole.finalHidden.slice(...own),
                finalCell: whole.finalCell.slice(...own),
              };
              for (const [name, found] of Object.entries(compared(alone, expected))) {
                outcomes[`row ${b}${reverse ? " reverse" : ""} ${name}`] = found;
              }
            }
          }
          return outcomes;
        },
      };
      yield {
        name: `${cell} has the same bits in place and with strides, hidden ${hiddenSize}`,
        run(stage, samples) {
          const problem = layerProblem(samples, { cell, lengths: samples.lengths(5, 4), inputSize, hiddenSize });
          return compared(forward(stage, problem, 3, true), forward(stage, problem));
        },
      };
    }
  }
}

/** Gradients of a batch row by itself: what a thread computes must not depend on which rows the others took. */
function* backwardBitCases(): Generator<ConformanceCase> {
  for (const cell of cells) {
    for (const [hiddenSize, reverse] of [
      [3, false],
      [17, true],
      [33, false],
    ] as const) {
      yield {
        name: `${cell} gives a row's gradients the same bits alone as in a batch, hidden ${hiddenSize}`,
        run(stage, samples) {
          const problem = layerProblem(samples, {
            cell,
            lengths: samples.lengths(9, 5),
            inputSize: 6,
            hiddenSize,
            reverse,
          });
          const { lengths } = problem;
          const width = gatesOf(cell) * hiddenSize;
          const whole = runBackward(stage, problem, runForward(stage, problem));
          const outcomes: Record<string, Outcome> = {};
          for (const b of [0, 2, 5]) {
            const row = problemOfRow(problem, b);
            const alone = runBackward(stage, row, runForward(stage, row));
            const cut = { batchRows: [b], from: 0, to: 5 };
            for (const [name, size] of [
              ["gates", width] as const,
              ["hiddenGates", width] as const,
              ["x", 6] as const,
            ]) {
              const sameBitsAs = repacked(whole[name], size, lengths, cut).values;
              outcomes[`row ${b} ${name}`] = { values: alone[name], sameBitsAs };
            }
            for (const name of ["initialHidden", "initialCell"] as const) {
              const sameBitsAs = whole[name].slice(b * hiddenSize, (b + 1) * hiddenSize);
              outcomes[`row ${b} ${name}`] = { values: alone[name], sameBitsAs };
            }
          }
          return outcomes;
        },
      };
    }
  }
}

/** What must have the same bits however it is computed (D Bit equality): compared on the candidate itself. */
export function bitEqualityCases(): ConformanceCase[] {
  return [...gemmBitCases(), ...positionCases(), ...recurrentBitCases(), ...backwardBitCases()];
}
