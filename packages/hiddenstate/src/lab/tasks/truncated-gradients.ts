import { crossEntropy, engine, LanguageModel, Random, randomKey, type Tensor, tensor } from "@hiddenstate/core";
import { median } from "../../statistics.ts";
import { CarriedStates, trainOnText } from "../language-trial.ts";
import { train } from "../training.ts";
import { recallBatch } from "./recall.ts";

/** How gradients in windows are compared with whole ones. */
export interface TruncationSettings {
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

/** What a pass over a sequence costs, cut into windows. */
export interface WindowCost {
  window: number;
  millisecondsPer1000Tokens: number;
  /** What the forward pass of a window keeps for the way back. */
  activationBytes: number;
}

/** Token ids and targets of whole sequences, [T, B] each. */
export interface Examples {
  ids: Int32Array;
  targets: Int32Array;
  batch: number;
}

const uncounted = -100;

/** A character LSTM, or one that recalls. */
export function makeModel(vocabularySize: number, { hidden }: TruncationSettings): LanguageModel {
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

/** Stretches of a text from anywhere. */
export function textExamples(text: Int32Array, { length, batch }: TruncationSettings, random: Random): Examples {
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
export function recallExamples({ length, batch, lag }: TruncationSettings, random: Random): Examples {
  const ids = new Int32Array(length * batch);
  const targets = new Int32Array(length * batch).fill(uncounted);
  for (let first = 0; first + lag < length; first += lag + 1) {
    const { ids: part, answers } = recallBatch(lag, batch, random, "first");
    ids.set(part, first * batch);
    targets.set(answers, (first + lag) * batch);
  }
  return { ids, targets, batch };
}

/** Trains on a text, by windows. */
export function* learnText(
  model: LanguageModel,
  text: Int32Array,
  { batch, steps, learningRate }: TruncationSettings,
): Generator<number, void> {
  const running = trainOnText({ model, text, batch, window: 64, steps, optimizer: learningRate });
  for (let next = running.next(); !next.done; next = running.next()) yield next.value;
}

/** Trains on whole sequences. */
export function* learnRecall(
  model: LanguageModel,
  { steps, learningRate }: TruncationSettings,
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
export function gradientOf(model: LanguageModel, examples: Examples, window: number): Float32Array {
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
export function* costsOf(
  settings: TruncationSettings,
  text: Int32Array,
  vocabularySize: number,
): Generator<void, WindowCost[]> {
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
      yield;
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
