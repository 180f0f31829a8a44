import type { ConformanceCase } from "./case.ts";
import { orDenormal } from "./outcome.ts";
import { mapped } from "./samples.ts";
import type { Samples } from "./samples.ts";

/** [rows, width] */
const shapes: [rows: number, width: number][] = [
  [1, 1],
  [3, 2],
  [5, 7],
  [2, 16],
  [7, 65],
  [64, 33],
  [3, 1021],
];

/** Rows that overflow, underflow or hold no number; and a class that is impossible. */
const specialRows: readonly number[][] = [
  [1e4, 1e4 - 3, -1e4, 0],
  [-1e4, -1e4 - 1, -1e4 - 2, -2e4],
  [-Infinity, 1, 2, 3],
  [-Infinity, -Infinity, 5, -Infinity],
  [3e38, -3e38, 0, 1],
  [88, 89, -104, -1e30],
  [0, 0, 0, 0],
  [NaN, 0, 1, 2],
  [-Infinity, -Infinity, -Infinity, -Infinity],
  [Infinity, 0, 1, 2],
];

interface Row {
  x: Float64Array;
  largest: number;
  logSum: number;
}

/** Each row of x [rows, width] with its largest number and log sum exp(x - largest). */
function rowsOf(x: ArrayLike<number>, rows: number, width: number): Row[] {
  return Array.from({ length: rows }, (_, r) => {
    const row = mapped(width, (j) => x[r * width + j]);
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    return { x: row, largest: most, logSum: Math.log(row.reduce((sum, value) => sum + Math.exp(value - most), 0)) };
  });
}

/** What the error of log p is relative to: x - largest is rounded, and so is the log of the sum. */
function logSize({ x, largest, logSum }: Row, j: number): number {
  return 1 + Math.abs(x[j] - largest) + Math.abs(logSum);
}

function softmaxCase(
  name: string,
  [rows, width]: [rows: number, width: number],
  log: number,
  values: (samples: Samples) => ArrayLike<number>,
): ConformanceCase {
  return {
    name: `softmax${log ? " log" : ""} ${name}`,
    run(stage, samples) {
      const x = values(samples);
      const out = stage.room(rows, width);
      stage.kernels.softmax({ out, x: stage.floats(x), rows, width, log });
      const numbers = rowsOf(x, rows, width);
      const of = (): Float64Array =>
        mapped(rows * width, (i) => {
          const row = numbers[Math.floor(i / width)];
          const j = i % width;
          const probability = Math.exp(row.x[j] - row.largest - row.logSum);
          // An impossible class has probability 0 exactly.
          return log ? logSize(row, j) : probability && probability * logSize(row, j);
        });
      // The sum is a chain of `width` additions, the rest a few operations and two approximations of four ulp.
      return { out: { values: stage.read(out), tolerance: { roundings: width + 16, of, absolute: orDenormal } } };
    },
  };
}

function* softmaxCases(): Generator<ConformanceCase> {
  for (const log of [0, 1]) {
    for (const shape of shapes) {
      yield softmaxCase(`[${shape.join(", ")}]`, shape, log, (samples) => samples.normal(shape[0] * shape[1], 3));
    }
    yield softmaxCase("special rows", [specialRows.length, 4], log, () => specialRows.flat().map(Math.fround));
  }
}

function* softmaxBackwardCases(): Generator<ConformanceCase> {
  for (const [rows, width] of shapes) {
    for (const log of [0, 1]) {
      for (const accumulate of [0, 1]) {
        yield {
          name: `softmaxBackward${log ? " log" : ""} [${rows}, ${width}]${accumulate ? " accumulate" : ""}`,
          run(stage, samples) {
            const numbers = rowsOf(samples.normal(rows * width, 3), rows, width);
            const probability = (i: number): number => {
              const { x, largest, logSum } = numbers[Math.floor(i / width)];
              return Math.exp(x[i % width] - largest - logSum);
            };
            const y = Float32Array.from({ length: rows * width }, (_, i) => {
              return log ? Math.log(probability(i)) : probability(i);
            });
            const gradY = samples.normal(rows * width);
            const start = samples.normal(rows * width);
            const gradX = stage.floats(start);
            stage.kernels.softmaxBackward({
              gradX,
              gradY: stage.floats(gradY),
              y: stage.floats(y),
              rows,
              width,
              log,
              accumulate,
            });
            const of = (): Float64Array =>
              mapped(rows * width, (i) => {
                const first = i - (i % width);
                let sum = 0;
                for (let j = first; j < first + width; j++) sum += Math.abs(gradY[j]) * (log ? 1 : y[j]);
                // exp(y) is rounded relative to y as well.
                const factor = log ? Math.exp(y[i]) * (1 + Math.abs(y[i])) : y[i];
                return Math.abs(gradY[i]) * (log ? 1 : y[i]) + factor * sum + accumulate * Math.abs(start[i]);
              });
            return { gradX: { values: stage.read(gradX), tolerance: { roundings: width + 12, of } } };
          },
        };
      }
    }
  }
}

/** Targets, of which some are to be ignored. */
function targetsOf(drawn: number[], ignoreIndex: number, ignoring: "none" | "some" | "all"): number[] {
  return drawn.map((target, r) => {
    return ignoring === "all" || (ignoring === "some" && (r % 3 === 1 || target === ignoreIndex))
      ? ignoreIndex
      : target;
  });
}

/** logits with NaN in every ignored row, which must not show. */
function spoilt(logits: Float64Array, targets: number[], ignoreIndex: number): Float64Array {
  const classes = logits.length / targets.length;
  return logits.map((value, i) => (targets[Math.floor(i / classes)] === ignoreIndex ? NaN : value));
}

/** Weights of classes, of which some are 0. */
function weightsOf(classes: number, samples: Samples): Float64Array {
  return samples.uniform(classes, -0.5, 3).map((weight) => Math.max(0, weight));
}

const losses: readonly {
  ignoreIndex: number;
  ignoring: "none" | "some" | "all";
  mean: 0 | 1;
  labelSmoothing: number;
  scale: number;
  weighted?: true;
}[] = [
  { ignoreIndex: -100, ignoring: "some", mean: 1, labelSmoothing: 0, scale: 3, weighted: true },
  { ignoreIndex: -100, ignoring: "some", mean: 1, labelSmoothing: 0.125, scale: 3, weighted: true },
  { ignoreIndex: 0, ignoring: "some", mean: 0, labelSmoothing: 0.125, scale: 3, weighted: true },
  { ignoreIndex: -100, ignoring: "none", mean: 1, labelSmoothing: 0, scale: 3 },
  { ignoreIndex: -100, ignoring: "some", mean: 1, labelSmoothing: 0, scale: 3 },
  { ignoreIndex: -100, ignoring: "some", mean: 0, labelSmoothing: 0.125, scale: 3 },
  { ignoreIndex: 0, ignoring: "some", mean: 1, labelSmoothing: 0.125, scale: 3 },
  { ignoreIndex: -1, ignoring: "all", mean: 1, labelSmoothing: 0, scale: 3 },
  { ignoreIndex: -1, ignoring: "all", mean: 0, labelSmoothing: 0, scale: 3 },
  { ignoreIndex: -100, ignoring: "none", mean: 1, labelSmoothing: 0, scale: 3000 },
];

function* crossEntropyCases(): Generator<ConformanceCase> {
  for (const [rows, classes] of shapes) {
    for (const { ignoreIndex, ignoring, mean, labelSmoothing, scale, weighted } of losses) {
      const title =
        `[${rows}, ${classes}] ${mean ? "mean" : "sum"}, smoothing ${labelSmoothing}, logits of size ${scale}, ` +
        `${ignoring} ignored as ${ignoreIndex}${weighted ? ", weighted" : ""}`;
      yield {
        name: `crossEntropy ${title}`,
        run(stage, samples) {
          const targets = targetsOf(samples.integers(rows, classes), ignoreIndex, ignoring);
          const logits = samples.normal(rows * classes, scale);
          const weights = weighted ? weightsOf(classes, samples) : new Float64Array(classes).fill(1);
          const [loss, counted, logNormalizer] = [stage.room(1), stage.room(1), stage.room(rows, 2)];
          stage.kernels.crossEntropy({
            loss,
            counted,
            logNormalizer,
            logits: stage.floats(spoilt(logits, targets, ignoreIndex)),
            targets: stage.ints(targets),
            weights: weighted ? stage.floats(weights) : 0,
            rows,
            classes,
            ignoreIndex,
            mean,
            labelSmoothing,
          });
          const numbers = rowsOf(logits, rows, classes);
          const used = targets.map((target) => target !== ignoreIndex);
          const count = targets.reduce((sum, target, r) => (used[r] ? sum + weights[target] : sum), 0) || 1;
          // A loss is a difference from the largest logit, so its error does not grow with the logits themselves.
          let of = 0;
          for (const [r, row] of numbers.entries()) {
            if (!used[r]) continue;
            of += (1 - labelSmoothing) * weights[targets[r]] * logSize(row, targets[r]);
            for (let j = 0; j < classes; j++) of += (labelSmoothing / classes) * weights[j] * logSize(row, j);
          }
          const normalizers = stage.read(logNormalizer).map((value, i) => (used[i >> 1] ? value : 0));
          const normalizerSize = mapped(2 * rows, (i) => (i % 2 === 0 ? 0 : 1 + Math.abs(numbers[i >> 1].logSum)));
          return {
            loss: {
              values: stage.read(loss),
              tolerance: { roundings: rows + classes + 16, of: mean ? of / count : of },
            },
            counted: { values: stage.read(counted), tolerance: { roundings: weighted ? 1 : 0 } },
            logNormalizer: { values: normalizers, tolerance: { roundings: classes + 16, of: normalizerSize } },
          };
        },
      };
      for (const accumulate of [0, 1]) {
        yield {
          name: `crossEntropyBackward ${title}${accumulate ? ", accumulate" : ""}`,
          run(stage, samples) {
            const targets = targetsOf(samples.integers(rows, classes), ignoreIndex, ignoring);
            const logits = samples.normal(rows * classes, scale);
            const numbers = rowsOf(logits, rows, classes);
            const logNormalizer = Float64Array.from(
              numbers.flatMap(({ largest, logSum }) => [largest, Math.fround(logSum)]),
            );
            const weights = weighted ? weightsOf(classes, samples) : new Float64Array(classes).fill(1);
            const counted = Math.fround(
              targets.reduce((sum, target) => (target === ignoreIndex ? sum : sum + weights[target]), 0),
            );
            const start = samples.normal(rows * classes);
            const gradLogits = accumulate ? stage.floats(start) : stage.room(rows, classes);
            const gradLoss = Math.fround(0.7);
            stage.kernels.crossEntropyBackward({
              gradLogits,
              gradLoss: stage.floats([gradLoss]),
              counted: stage.floats([counted]),
              logNormalizer: stage.floats(spoilt(logNormalizer, targets, ignoreIndex)),
              logits: stage.floats(spoilt(logits, targets, ignoreIndex)),
              targets: stage.ints(targets),
              weights: weighted ? stage.floats(weights) : 0,
              rows,
              classes,
              ignoreIndex,
              mean,
              accumulate,
              labelSmoothing,
            });
            const of = (): Float64Array =>
              mapped(rows * classes, (i) => {
                const r = Math.floor(i / classes);
                // An ignored row gets nothing: its start to the bit.
                if (targets[r] === ignoreIndex) return 0;
                const logProbability = logits[i] - logNormalizer[2 * r] - logNormalizer[2 * r + 1];
                const probability = Math.exp(logProbability) * (1 + Math.abs(logProbability));
                const whole =
                  (1 - labelSmoothing) * weights[targets[r]] +
                  (labelSmoothing / classes) * weights.reduce((sum, weight) => sum + weight, 0);
                const wanted = (targets[r] === i % classes ? 1 : 0) + labelSmoothing / classes;
                const size = probability * whole + wanted * weights[i % classes];
                return (gradLoss / ((mean && counted) || 1)) * size + accumulate * Math.abs(start[i]);
              });
            const values = stage.read(gradLogits);
            return { gradLogits: { values, tolerance: { roundings: 20, of, absolute: orDenormal } } };
          },
        };
      }
    }
  }
  yield {
    name: "crossEntropy of special rows, one at a time",
    run(stage) {
      const outcomes: ReturnType<ConformanceCase["run"]> = {};
      for (const row of specialRows) {
        const [loss, counted, logNormalizer] = [stage.room(1), stage.room(1), stage.room(1, 2)];
        const logits = row.map(Math.fround);
        stage.kernels.crossEntropy({
          loss,
          counted,
          logNormalizer,
          logits: stage.floats(logits),
          targets: stage.ints([2]),
          weights: 0,
          rows: 1,
          classes: 4,
          ignoreIndex: -100,
          mean: 1,
          labelSmoothing: 0,
        });
        const [numbers] = rowsOf(logits, 1, 4);
        outcomes[`loss of [${row.join(", ")}]`] = {
          values: stage.read(loss),
          tolerance: { roundings: 20, of: logSize(numbers, 2) },
        };
      }
      return outcomes;
    },
  };
}

export function softmaxAndLossCases(): ConformanceCase[] {
  return [...softmaxCases(), ...softmaxBackwardCases(), ...crossEntropyCases()];
}
