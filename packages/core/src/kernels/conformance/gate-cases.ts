import type { ConformanceCase } from "./case.ts";
import { fromSlab, projectToSlab, toSlab } from "./gate-slab.ts";
import { exact } from "./outcome.ts";
import { productMagnitudes, transposed } from "./samples.ts";

/** [rows, gates, hidden size, inputs] */
const shapes: [rows: number, gates: number, hiddenSize: number, inputs: number][] = [
  [1, 1, 1, 1],
  [3, 1, 17, 5],
  [1, 3, 3, 2],
  [5, 3, 8, 8],
  [29, 3, 33, 19],
  [1, 4, 1, 3],
  [7, 4, 3, 1],
  [6, 4, 8, 16],
  [13, 4, 17, 9],
  [64, 4, 33, 40],
  [70, 4, 64, 65],
];

function* slabCases(): Generator<ConformanceCase> {
  for (const [rows, gates, hiddenSize, inputs] of shapes) {
    const shape = { rows, gates, hiddenSize };
    const width = gates * hiddenSize;
    const title = `[${rows}, ${gates}x${hiddenSize}] with ${inputs} inputs`;
    yield {
      name: `unpackGates undoes the slab's order ${title}`,
      run(stage, samples) {
        const values = samples.normal(rows * width);
        const slab = toSlab(stage, shape, values);
        const back = fromSlab(stage, shape, slab);
        return { back: { values: back, tolerance: exact }, original: { values: back, sameBitsAs: values } };
      },
    };
    for (const bias of [false, true]) {
      yield {
        name: `packGates ${title}${bias ? " and packGateBias" : ""}`,
        run(stage, samples) {
          const weight = samples.normal(width * inputs);
          const x = samples.normal(rows * inputs);
          const biasValues = bias ? samples.normal(width) : null;
          const slab = projectToSlab(stage, shape, { weight, x, inputs, bias: biasValues });
          const of = (): Float64Array =>
            productMagnitudes(x, transposed(weight, width, inputs), rows, width, inputs).map(
              (sum, i) => sum + (biasValues ? Math.abs(biasValues[i % width]) : 0),
            );
          return { slab: { values: fromSlab(stage, shape, slab), tolerance: { roundings: inputs + 2, of } } };
        },
      };
    }
    yield {
      name: `packGates transposed takes a slab's gradient to its input ${title}`,
      run(stage, samples) {
        const { set, kernels } = stage;
        const weight = samples.normal(width * inputs);
        const gradients = samples.normal(rows * width);
        const slab = toSlab(stage, shape, gradients);
        const panels = stage.room(1, set.gatePanelSize(gates, hiddenSize, inputs, 1));
        kernels.packGates({ panels, weight: stage.floats(weight), gates, hiddenSize, inputs, transpose: 1 });
        const gradX = stage.room(rows, inputs, inputs + 3);
        const k = set.gateWidth(gates, hiddenSize);
        kernels.gemmPacked({
          c: gradX,
          a: slab,
          panels,
          bias: 0,
          m: rows,
          n: inputs,
          k,
          cStride: inputs + 3,
          aStride: k,
          accumulate: 0,
        });
        const of = (): Float64Array => productMagnitudes(gradients, weight, rows, inputs, width);
        return { gradX: { values: stage.read(gradX), tolerance: { roundings: width + 2, of } } };
      },
    };
  }
}

function* packGateBiasCases(): Generator<ConformanceCase> {
  for (const [gates, hiddenSize] of [
    [1, 5],
    [3, 17],
    [4, 8],
    [4, 1],
  ]) {
    for (const [withInput, withHidden, hiddenGates] of [
      [1, 1, gates],
      [1, 1, gates - 1],
      [1, 0, gates],
      [0, 1, gates],
      [0, 1, gates - 1],
      [0, 0, 0],
    ]) {
      yield {
        name: `packGateBias ${gates}x${hiddenSize}, input ${withInput}, hidden ${withHidden} of ${hiddenGates} gates`,
        run(stage, samples) {
          const input = samples.normal(gates * hiddenSize);
          const hidden = samples.normal(gates * hiddenSize);
          const out = stage.room(1, stage.set.gateWidth(gates, hiddenSize));
          stage.kernels.packGateBias({
            out,
            gates,
            hiddenSize,
            hiddenGates,
            biasInput: withInput ? stage.floats(input) : 0,
            biasHidden: withHidden ? stage.floats(hidden) : 0,
          });
          // One row of a slab has the same order.
          const natural = fromSlab(stage, { rows: 1, gates, hiddenSize }, out);
          return { bias: { values: natural, tolerance: exact } };
        },
      };
    }
  }
}

function* gateGradientCases(): Generator<ConformanceCase> {
  for (const [rows, gates, hiddenSize, inputs] of [
    ...shapes,
    [0, 4, 3, 2],
    [300, 3, 8, 7],
    [1100, 4, 5, 3],
  ] as typeof shapes) {
    const shape = { rows, gates, hiddenSize };
    const width = gates * hiddenSize;
    const title = `[${rows}, ${gates}x${hiddenSize}]`;
    for (const accumulate of [0, 1]) {
      const parts = [
        [0, 1],
        [2, 1],
        [0, 2],
        [1, 3],
      ].filter(([first, count]) => first + count < gates || (first > 0 && first + count === gates));
      for (const [firstGate, gateCount] of [[0, gates], ...parts]) {
        yield {
          name: `gateWeightGradient ${title} x [${rows}, ${inputs}], gates ${firstGate} to ${firstGate + gateCount - 1}${accumulate ? ", accumulate" : ""}`,
          run(stage, samples) {
            const gradients = samples.normal(rows * width);
            const x = samples.normal(rows * inputs);
            const start = samples.normal(width * inputs);
            const gradWeight = stage.floats(start);
            const xStride = inputs + (accumulate ? 3 : 0);
            stage.kernels.gateWeightGradient({
              gradWeight,
              gateGradients: toSlab(stage, shape, gradients),
              x: stage.matrix(x, rows, inputs, xStride),
              xStride,
              rows,
              gates,
              hiddenSize,
              inputs,
              firstGate,
              gateCount,
              accumulate,
            });
            // One product per row; gates that were not asked for keep their value to the bit.
            const of = (): Float64Array =>
              productMagnitudes(transposed(gradients, rows, width), x, width, inputs, rows).map((sum, i) => {
                const gate = Math.floor(i / inputs / hiddenSize);
                const asked = gate >= firstGate && gate < firstGate + gateCount;
                return asked ? sum + accumulate * Math.abs(start[i]) : 0;
              });
            return { gradWeight: { values: stage.read(gradWeight), tolerance: { roundings: rows + 2, of } } };
          },
        };
      }
      yield {
        name: `gateBiasGradient ${title}${accumulate ? " accumulate" : ""}`,
        run(stage, samples) {
          const gradients = samples.normal(rows * width);
          const start = samples.normal(width);
          const gradBias = stage.floats(start);
          const gateGradients = toSlab(stage, shape, gradients);
          stage.kernels.gateBiasGradient({ gradBias, gateGradients, rows, gates, hiddenSize, accumulate });
          const ones = new Float32Array(rows).fill(1);
          const of = (): Float64Array =>
            productMagnitudes(ones, gradients, 1, width, rows).map((sum, j) => sum + accumulate * Math.abs(start[j]));
          return { gradBias: { values: stage.read(gradBias), tolerance: { roundings: rows + 1, of } } };
        },
      };
    }
  }
}

export function gateCases(): ConformanceCase[] {
  return [...slabCases(), ...packGateBiasCases(), ...gateGradientCases()];
}
