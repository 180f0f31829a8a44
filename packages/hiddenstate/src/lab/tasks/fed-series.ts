import {
  Adam,
  clipGradNorm,
  concat,
  engine,
  Linear,
  LSTM,
  type LSTMState,
  meanSquaredError,
  Module,
  noGrad,
  Random,
  randomKey,
  samplingRate,
  type Tensor,
  tensor,
} from "@hiddenstate/core";
import { mean } from "../../statistics.ts";
import { type FedRun, type Feeding, scheduleOf } from "./feeding.ts";

/** How models of series are trained on inputs that may be their own, and go on by themselves. */
export interface FedSeriesSettings {
  hidden: number;
  batch: number;
  steps: number;
  learningRate: number;
  /** Steps of a series that are always true, and of those that may be the model's own. */
  prompt: number;
  length: number;
  /** Series that a model goes on with when it is tested. */
  tested: number;
}

/** The variance of the series: two sines with amplitudes 1 and 0.5. */
const variance = (1 + 0.25) / 2;

/** Sums of two sines whose periods (10 to 25, and 4 to 8 steps) and phases are drawn anew, [T, B]. */
function sines(steps: number, batch: number, random: Random): Float32Array {
  const waves = Array.from({ length: batch }, () => {
    const between = (low: number, high: number): number => low + (high - low) * random.uniform();
    const wave = (period: number): ((t: number) => number) => {
      const phase = random.uniform();
      return (t) => Math.sin(2 * Math.PI * (t / period + phase));
    };
    const [slow, fast] = [wave(between(10, 25)), wave(between(4, 8))];
    return (t: number): number => slow(t) + 0.5 * fast(t);
  });
  return Float32Array.from({ length: steps * batch }, (_, i) => waves[i % batch](Math.floor(i / batch)));
}

/** The next value of a series from all before. */
class NextValue extends Module {
  readonly rnn: LSTM;
  readonly output: Linear;

  constructor(hidden: number) {
    super("nextValue", "lab.fed-series");
    this.rnn = this.part("rnn", new LSTM({ inputSize: 1, hiddenSize: hidden, name: "lab.fed-series.rnn" }));
    this.output = this.part("output", new Linear({ inputSize: hidden, outputSize: 1, name: "lab.fed-series.output" }));
  }

  step(x: ArrayLike<number>, state: LSTMState | undefined): { next: Tensor; state: LSTMState } {
    const result = this.rnn.step(tensor(x, [x.length, 1]), state);
    return { next: this.output.forward(result.output), state: result.state };
  }
}

/**
 * Trains a model of series and lets it go on by itself: errors are squared errors over the variance of the series, 1 for
 * whoever always says the mean.
 */
export function* continuesFed(feeding: Feeding, settings: FedSeriesSettings, seed: number): Generator<number, FedRun> {
  const { hidden, batch, steps, learningRate, prompt, length, tested } = settings;
  engine.setSeed(seed);
  const model = new NextValue(hidden);
  const parameters = model.parameters();
  const adam = new Adam(parameters, { lr: learningRate });
  const random = new Random(randomKey(seed, "lab", "fed-series"));
  const whole = prompt + length;
  for (let step = 0; step < steps; step++) {
    const rate = samplingRate(scheduleOf(feeding, steps), step);
    const series = sines(whole + 1, batch, random);
    engine.scope(() => {
      adam.zeroGrad();
      const found = run(model, series, batch, whole, (t) => t >= prompt && random.uniform() < rate);
      meanSquaredError(found, tensor(series.subarray(batch), [whole * batch, 1])).backward();
      clipGradNorm(parameters, 1);
      adam.step();
    });
    yield (step + 1) / steps;
  }
  const fresh = sines(whole + 1, tested, new Random(randomKey(seed, "lab", "fed-series.test")));
  const errors = (own: boolean): number[] => {
    const found = engine.scope(() =>
      noGrad(() => run(model, fresh, tested, whole, (t) => own && t >= prompt)).dataSync(),
    );
    return Array.from({ length: whole }, (_, t) =>
      mean(
        Array.from(
          { length: tested },
          (_unused, row) => (found[t * tested + row] - fresh[(t + 1) * tested + row]) ** 2 / variance,
        ),
      ),
    );
  };
  const alone = errors(true).slice(prompt);
  const size = Math.floor(length / 3);
  return {
    withTruth: mean(errors(false).slice(prompt)),
    thirds: [0, 1, 2].map((third) => mean(alone.slice(third * size, (third + 1) * size))),
  };
}

/**
 * The values that the model expects after each step, [T * B, 1].
 *
 * @param own whether a row's input is the model's own last value: asked for each row
 */
function run(model: NextValue, series: Float32Array, rows: number, steps: number, own: (t: number) => boolean): Tensor {
  const found: Tensor[] = [];
  let state: LSTMState | undefined;
  for (let t = 0; t < steps; t++) {
    const x = series.slice(t * rows, (t + 1) * rows);
    let before: Float32Array | undefined;
    for (let row = 0; row < rows; row++) {
      if (t > 0 && own(t)) x[row] = (before ??= found[t - 1].dataSync())[row];
    }
    const result = model.step(x, state);
    found.push(result.next);
    state = result.state;
  }
  return concat(found, 0);
}
