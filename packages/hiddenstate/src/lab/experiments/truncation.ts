import {
  crossEntropy,
  engine,
  LanguageModel,
  mul,
  Random,
  randomKey,
  RNN,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "@hiddenstate/core";
import { significant } from "../../format.ts";
import { lineChart } from "../../pictures/line-chart.ts";
import type { Bench, Experiment } from "../experiment.ts";
import { CarriedStates, trainOnText } from "../language-trial.ts";
import { setForgetBias } from "../networks.ts";
import { inTurn } from "../shares.ts";
import { cosine, mean, median, norm } from "../statistics.ts";
import { recallBatch, recallSymbols } from "../tasks/recall.ts";
import { train } from "../training.ts";
import { doesNotHold, holds, holdsWithinLimits, undecided } from "../verdict.ts";

interface Settings {
  hidden: number;
  batch: number;
  learningRate: number;
  /** Training before the gradients are compared. */
  steps: number;
  /** Steps of the sequences; the longest window is all of them. */
  length: number;
  windows: readonly number[];
  /** How far apart question and answer are in the sequences of delayed recall. */
  lag: number;
  /** Batches whose gradients are compared, for each seed. */
  batches: number;
}

const sources = ["text", "delayed recall"] as const;
type Source = (typeof sources)[number];

interface Numbers {
  lag: number;
  /** Relative distance of the sum over time steps from the gradient, by seed. */
  sumError: number[];
  windows: {
    source: Source;
    window: number;
    /** Between truncated and full gradient, the mean over batches, by seed. */
    cosines: number[];
    /** Norm of the truncated gradient over that of the full one, the mean. */
    ratio: number;
  }[];
  /** What a pass over a sequence of the full length costs, cut into windows. */
  costs: { window: number; millisecondsPer1000Tokens: number; activationBytes: number }[];
}

/** What counts as the same direction, and from which window on it is wanted. */
const [sameDirection, wantedWindow] = [0.95, 50];
/** The forget bias with which delayed recall is learned. */
const openGates = 4;
/** How exact the sum over time steps must be. */
const sumTolerance = 1e-4;

export const truncation: Experiment<Settings, Numbers> = {
  name: "truncation",
  claim:
    "Backpropagation through time sums contributions of all time steps; a truncated window approximates that sum, the better the longer it is, for less time and memory (Werbos 1990; Williams & " +
    "Peng 1990).",
  criteria:
    `Holds if the sum over time steps is the gradient to ${sumTolerance}, and the cosine between truncated and full gradient is at least ${sameDirection} with windows from ${wantedWindow} steps on, on text and on ` +
    "delayed recall; within limits if on text only, or from a longer window on; does not hold if the sum is not the gradient or no shorter window reaches that cosine on text; undecided if full gradients vanish.",
  settings: {
    quick: {
      hidden: 48,
      batch: 8,
      learningRate: 3e-3,
      steps: 150,
      length: 200,
      windows: [5, 10, 20, 50, 100, 200],
      lag: 60,
      batches: 3,
    },
    thorough: {
      hidden: 96,
      batch: 16,
      learningRate: 3e-3,
      steps: 600,
      length: 200,
      windows: [5, 10, 20, 50, 100, 200],
      lag: 60,
      batches: 6,
    },
  },
  timed: true,
  setUp: ({ hidden, batch, learningRate, steps, length, windows, lag, batches }) =>
    `A character LSTM of ${hidden} units after ${steps} steps (Adam at ${learningRate}) on text, and one after as many on delayed recall over ${lag} steps (forget bias ${openGates} at the start). The gradient of the summed loss of ${length} steps with respect to the recurrent layer, ${batch} rows, ` +
    `from a state of zeros, is taken once whole and once in windows of ${windows.slice(0, -1).join(", ")} steps, each from the state the one before left, cut from the gradient; cosines are means over ${batches} batches. The sum over ` +
    "time steps: an RNN unrolled into 20 copies of its weights, whose gradients are added. Time is processor time of forward and backward, memory what a window's forward pass keeps.",

  *measure(settings, { seeds, text }: Bench) {
    const { windows, length, batches, lag } = settings;
    const runs = yield* inTurn(seeds, function* (seed) {
      return yield* inTurn(sources, function* (source) {
        engine.setSeed(seed);
        const vocabularySize = source === "text" ? text.tokenizer.size : 2 * recallSymbols;
        const model = makeModel(vocabularySize, settings);
        // Forget gates that start open: so the lag is learned within the budget, and the gradient has a way back over it.
        if (source !== "text") setForgetBias(model.stateDict().get("rnn.bias_ih_l0")!, openGates);
        const random = new Random(randomKey(seed, "lab", `truncation.${source}`));
        const next = (): Examples =>
          source === "text" ? textExamples(text.training, settings, random) : recallExamples(settings, random);
        yield* source === "text" ? learnText(model, text.training, settings) : learnRecall(model, settings, next);
        const found = windows.map((): { cosine: number; ratio: number }[] => []);
        for (let batch = 0; batch < batches; batch++) {
          const examples = next();
          const full = gradientOf(model, examples, length);
          for (const [i, window] of windows.entries()) {
            const truncated = gradientOf(model, examples, window);
            found[i].push({ cosine: cosine(full, truncated), ratio: norm(truncated) / norm(full) });
          }
          yield 1;
        }
        return found;
      });
    });
    return {
      lag,
      sumError: seeds.map(sumOverSteps),
      windows: sources.flatMap((source, s) =>
        windows.map((window, i) => ({
          source,
          window,
          cosines: runs.map((run) => mean(run[s][i].map((one) => one.cosine))),
          ratio: mean(runs.flatMap((run) => run[s][i].map((one) => one.ratio))),
        })),
      ),
      costs: costsOf(settings, text.training, text.tokenizer.size),
    };
  },

  judge({ sumError, windows, costs, lag }) {
    const cosineAt = (source: Source, window: number): number =>
      mean(windows.find((one) => one.source === source && one.window === window)!.cosines);
    const sizes = costs.map(({ window }) => window).toSorted((a, b) => a - b);
    const longest = sizes.at(-1)!;
    if (windows.some(({ cosines }) => cosines.some((one) => !Number.isFinite(one)))) {
      return undecided("full gradients vanished, so that they have no direction");
    }
    if (!(Math.max(...sumError) <= sumTolerance)) {
      return doesNotHold(`the sum over time steps is ${significant(Math.max(...sumError))} off the gradient`);
    }
    const enough = (source: Source): number => {
      const short = sizes.filter((window) => cosineAt(source, window) < sameDirection);
      const last = short.at(-1);
      return last === undefined ? sizes[0] : sizes[sizes.indexOf(last) + 1];
    };
    const [text, recall] = sources.map(enough);
    const least = costs.find(({ window }) => window === text)!;
    const whole = costs.find(({ window }) => window === longest)!;
    const told =
      `on text windows from ${text} steps on have a cosine of at least ${sameDirection} (${sizes.map((window) => `${window}: ${cosineAt("text", window).toFixed(3)}`).join(", ")}), ` +
      `on recall over ${lag} steps from ${recall} on; ${text} steps keep ${significant(least.activationBytes / whole.activationBytes)} of the memory of ${longest} and take ` +
      `${significant(least.millisecondsPer1000Tokens / whole.millisecondsPer1000Tokens)} of the time`;
    if (text === longest) return doesNotHold(`no window shorter than the sequence gives the direction: ${told}`);
    if (text <= wantedWindow && recall <= wantedWindow) return holds(told);
    return holdsWithinLimits(
      text <= wantedWindow
        ? `where what matters lies further back than the window, the window misses it: ${told}`
        : told,
    );
  },

  tables: ({ windows, costs, sumError }) => [
    {
      caption: "Truncated against full gradient",
      columns: ["sequences", "window, steps", "cosine, mean", "seeds", "norm over the full one's"],
      rows: windows.map(({ source, window, cosines, ratio }) => [
        source,
        String(window),
        mean(cosines).toFixed(3),
        cosines.map((one) => one.toFixed(3)).join(", "),
        significant(ratio),
      ]),
    },
    {
      caption: "Cost of forward and backward by window",
      columns: ["window, steps", "processor time of 1,000 tokens, ms", "kept for the way back, MB"],
      rows: costs.map(({ window, millisecondsPer1000Tokens, activationBytes }) => [
        String(window),
        significant(millisecondsPer1000Tokens),
        (activationBytes / 1e6).toFixed(2),
      ]),
    },
    {
      caption: "Relative distance between the sum of 20 time steps' contributions and the gradient",
      columns: ["seeds"],
      rows: [[sumError.map(significant).join(", ")]],
    },
  ],

  figures: ({ windows, costs }) => [
    {
      name: "cosine",
      caption: "Cosine between truncated and full gradient by window",
      draw: () =>
        lineChart({
          title: "How much of the gradient a window sees",
          subtitle:
            "Cosine between the gradient in windows and the gradient of the whole sequence; mean and range over seeds",
          x: "window, steps",
          y: "cosine",
          logX: true,
          levels: [{ y: sameDirection, name: String(sameDirection) }],
          lines: sources.map((source) => ({
            name: source,
            points: windows
              .filter((one) => one.source === source)
              .map(({ window, cosines }) => ({
                x: window,
                y: mean(cosines),
                low: Math.min(...cosines),
                high: Math.max(...cosines),
              })),
          })),
        }),
    },
    {
      name: "memory",
      caption: "Memory kept for the way back by window",
      draw: () =>
        lineChart({
          title: "What a window costs",
          subtitle: "Megabytes that the forward pass of one window keeps for the way back",
          x: "window, steps",
          y: "MB",
          lines: [
            {
              name: "LSTM",
              points: costs.map(({ window, activationBytes }) => ({ x: window, y: activationBytes / 1e6 })),
            },
          ],
        }),
    },
  ],
};

/** Token ids and targets of whole sequences, [T, B] each. */
interface Examples {
  ids: Int32Array;
  targets: Int32Array;
  batch: number;
}

const uncounted = -100;

function makeModel(vocabularySize: number, { hidden }: Settings): LanguageModel {
  return new LanguageModel({
    vocabularySize,
    cell: "lstm",
    hidden,
    embedding: 32,
    layers: 1,
    dropout: 0,
    name: "lab.truncation",
  });
}

function textExamples(text: Int32Array, { length, batch }: Settings, random: Random): Examples {
  const ids = new Int32Array(length * batch);
  const targets = new Int32Array(length * batch);
  for (let row = 0; row < batch; row++) {
    const first = random.integer(text.length - length - 1);
    for (let t = 0; t < length; t++) {
      ids[t * batch + row] = text[first + t];
      targets[t * batch + row] = text[first + t + 1];
    }
  }
  return { ids, targets, batch };
}

/** Delayed recall one after the other until the sequence is full: only the answers count. */
function recallExamples({ length, batch, lag }: Settings, random: Random): Examples {
  const ids = new Int32Array(length * batch);
  const targets = new Int32Array(length * batch).fill(uncounted);
  for (let first = 0; first + lag < length; first += lag + 1) {
    const { ids: part, answers } = recallBatch(lag, batch, random, "first");
    ids.set(part, first * batch);
    targets.set(answers, (first + lag) * batch);
  }
  return { ids, targets, batch };
}

function* learnText(
  model: LanguageModel,
  text: Int32Array,
  { batch, steps, learningRate }: Settings,
): Generator<number, void> {
  const running = trainOnText({ model, text, batch, window: 64, steps, optimizer: learningRate });
  for (let next = running.next(); !next.done; next = running.next()) yield next.value;
}

function* learnRecall(
  model: LanguageModel,
  { steps, learningRate }: Settings,
  next: () => Examples,
): Generator<number, void> {
  yield* train({
    parameters: model.parameters(),
    steps,
    optimizer: learningRate,
    loss: () => {
      const { ids, targets, batch } = next();
      return crossEntropy(model.forward(tensor(ids, [ids.length / batch, batch], { dtype: "int32" })).logits, targets, {
        ignoreIndex: uncounted,
      });
    },
  });
}

/** The gradient of the summed loss, cut after each window, as one vector: that of the recurrent layer. */
function gradientOf(model: LanguageModel, examples: Examples, window: number): Float32Array {
  for (const parameter of model.parameters()) {
    parameter.grad?.end();
    parameter.grad = null;
  }
  const carried = new CarriedStates();
  for (let first = 0; first * examples.batch < examples.ids.length; first += window) {
    engine.scope(() => {
      const { loss, keep } = windowLoss(model, examples, first, window, carried);
      loss.backward();
      keep();
    });
  }
  carried.end();
  // The output layer's gradient has no way through time, and would hide what the window misses.
  const parts = model.rnn.parameters().map(({ grad }) => grad!.dataSync());
  const whole = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function windowLoss(
  model: LanguageModel,
  { ids, targets, batch }: Examples,
  first: number,
  window: number,
  carried: CarriedStates,
): { loss: Tensor; keep: () => void } {
  const part = (values: Int32Array): Int32Array => values.subarray(first * batch, (first + window) * batch);
  const inputs = part(ids);
  const { logits, state } = model.forward(
    tensor(inputs, [inputs.length / batch, batch], { dtype: "int32" }),
    carried.state,
  );
  const loss = crossEntropy(logits, part(targets), { ignoreIndex: uncounted, reduction: "sum" });
  return { loss, keep: () => carried.keep(state) };
}

/** Processor time and memory of forward and backward over a whole sequence, window by window. */
function costsOf(settings: Settings, text: Int32Array, vocabularySize: number): Numbers["costs"] {
  const { windows, length, batch } = settings;
  const model = makeModel(vocabularySize, settings);
  const examples = textExamples(text, settings, new Random(randomKey(0, "lab", "truncation.costs")));
  const times: number[][] = windows.map(() => []);
  for (let round = -1; round < 7; round++) {
    for (const [i, window] of windows.entries()) {
      const before = process.cpuUsage();
      gradientOf(model, examples, window);
      const { user, system } = process.cpuUsage(before);
      // The first round warms up.
      if (round >= 0) times[i].push((user + system) / 1000 / ((length * batch) / 1000));
    }
  }
  return windows.map((window, i) => ({
    window,
    millisecondsPer1000Tokens: median(times[i]),
    activationBytes: engine.scope(() => {
      const before = engine.info().bytesInUse;
      windowLoss(model, examples, 0, window, new CarriedStates());
      return engine.info().bytesInUse - before;
    }),
  }));
}

/**
 * How far the gradients of 20 time steps, each with its own copy of the weights, are from the gradient of the weights that all steps share, once added
 * up: |sum - gradient| / |gradient|.
 */
function sumOverSteps(seed: number): number {
  const [steps, batch, width] = [20, 4, 16];
  const random = new Random(randomKey(seed, "lab", "truncation.sum"));
  const normal = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  engine.setSeed(seed);
  // The same name draws the same weights.
  const copies = Array.from({ length: steps }, () => new RNN({ inputSize: width, hiddenSize: width, name: "lab.sum" }));
  const shared = new RNN({ inputSize: width, hiddenSize: width, name: "lab.sum" });
  const xs = Array.from({ length: steps }, () => normal(batch * width));
  const direction = normal(batch * width);
  const run = (network: (step: number) => RNN): void =>
    engine.scope(() => {
      let state: { h: Tensor } = { h: zeros([1, batch, width]) };
      for (let t = 0; t < steps; t++) ({ state } = network(t).step(tensor(xs[t], [batch, width]), state));
      sum(mul(state.h, tensor(direction, [1, batch, width]))).backward();
    });
  run((t) => copies[t]);
  run(() => shared);
  const gradient = (network: RNN): Float32Array => network.stateDict().get("weight_hh_l0")!.grad!.dataSync();
  const whole = gradient(shared);
  const added = new Float64Array(whole.length);
  for (const copy of copies) gradient(copy).forEach((value, i) => (added[i] += value));
  return norm(added.map((value, i) => value - whole[i])) / norm(whole);
}
