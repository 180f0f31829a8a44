import {
  Adam,
  clipGradNorm,
  concat,
  crossEntropy,
  engine,
  LanguageModel,
  noGrad,
  Random,
  randomKey,
  type RecurrentState,
  sample,
  samplingRate,
  type Tensor,
  tensor,
  TextWindows,
} from "@hiddenstate/core";
import { CarriedStates, lossOnText } from "../language-trial.ts";
import { knownShare } from "../text/known-words.ts";
import type { LabText } from "../text/lab-text.ts";
import { type FedRun, type Feeding, scheduleOf } from "./feeding.ts";

/** How character models are trained on inputs that may be their own, and write. */
export interface FedTextSettings {
  hidden: number;
  batch: number;
  window: number;
  steps: number;
  learningRate: number;
  heldOut: number;
  /** Texts that are written, characters they go on from, and characters of each. */
  texts: number;
  prompt: number;
  length: number;
}

/**
 * Trains a character model, and lets it write: the error with the truth fed is the held-out loss in nats a character; what
 * it writes is judged by the share of its words that are not words of the training text, by thirds of the length.
 *
 * @param known the words of the training text
 */
export function* writesFed(
  feeding: Feeding,
  settings: FedTextSettings,
  text: LabText,
  known: ReadonlySet<string>,
  seed: number,
): Generator<number, FedRun> {
  const model = yield* trainFed(feeding, settings, text, seed);
  const written = writeTexts(model, settings, text, seed);
  yield 1;
  return {
    withTruth: lossOnText(model, text.heldOut.subarray(0, settings.heldOut)),
    thirds: unknownByThirds(written, settings, known),
  };
}

/** The share of unknown words in the real text at the places where models write. */
export function unknownInReality(settings: FedTextSettings, text: LabText, known: ReadonlySet<string>): number {
  return (
    1 -
    knownShare(
      beginnings(settings, text).map(({ after }) => after),
      known,
    )
  );
}

function unknownByThirds(texts: readonly string[], { length }: FedTextSettings, known: ReadonlySet<string>): number[] {
  const size = Math.floor(length / 3);
  return [0, 1, 2].map(
    (third) =>
      1 -
      knownShare(
        texts.map((one) => one.slice(third * size, (third + 1) * size)),
        known,
      ),
  );
}

/** Trains with inputs that are sometimes the model's own. */
function* trainFed(
  feeding: Feeding,
  settings: FedTextSettings,
  text: LabText,
  seed: number,
): Generator<number, LanguageModel> {
  const { hidden, batch, window, steps, learningRate } = settings;
  engine.setSeed(seed);
  const vocabularySize = text.tokenizer.size;
  const model = new LanguageModel({ vocabularySize, hidden, layers: 1, dropout: 0, name: "lab.fed-text" });
  const parameters = model.parameters();
  const adam = new Adam(parameters, { lr: learningRate });
  const random = new Random(randomKey(seed, "lab", "fed-text"));
  const windows = new TextWindows(text.training, { batch, bptt: window });
  const carried = new CarriedStates();
  const schedule = scheduleOf(feeding, steps);
  for (let step = 0; step < steps; step++) {
    const rate = samplingRate(schedule, step);
    const { inputs, targets, steps: length, batch: rows, carriesState } = windows.at(step);
    if (!carriesState) carried.keep(undefined);
    engine.scope(() => {
      adam.zeroGrad();
      const fed =
        rate === 0
          ? forwardOnTruth(model, inputs, rows, carried.state)
          : forwardStepwise(model, { inputs, rows, length, rate }, carried.state, random);
      carried.keep(fed.state);
      crossEntropy(fed.logits, targets).backward();
      clipGradNorm(parameters, 1);
      adam.step();
    });
    yield (step + 1) / steps;
  }
  carried.end();
  return model.eval();
}

interface Fed {
  /** One row for each target, time-major. */
  logits: Tensor;
  state: RecurrentState;
}

function forwardOnTruth(
  model: LanguageModel,
  inputs: Int32Array,
  rows: number,
  state: RecurrentState | undefined,
): Fed {
  return model.forward(tensor(inputs, [inputs.length / rows, rows], { dtype: "int32" }), state);
}

/** Step by step: each row's next input is what the model draws, with the given probability, else the truth. */
function forwardStepwise(
  model: LanguageModel,
  { inputs, rows, length, rate }: { inputs: Int32Array; rows: number; length: number; rate: number },
  before: RecurrentState | undefined,
  random: Random,
): Fed {
  const logits: Tensor[] = [];
  let state = before;
  let ids = inputs.slice(0, rows);
  for (let t = 0; t < length; t++) {
    const result = model.step(tensor(ids, [rows], { dtype: "int32" }), state);
    logits.push(result.logits);
    state = result.state;
    if (t + 1 === length) break;
    const scores = result.logits.dataSync();
    const width = scores.length / rows;
    ids = inputs.slice((t + 1) * rows, (t + 2) * rows);
    for (let row = 0; row < rows; row++) {
      if (random.uniform() < rate) ids[row] = sample(scores.subarray(row * width, (row + 1) * width), {}, random);
    }
  }
  return { logits: concat(logits, 0), state: state! };
}

/** Evenly spread stretches of the held-out text: beginnings, and what really comes after. */
function beginnings({ texts, prompt, length }: FedTextSettings, text: LabText): { ids: Int32Array; after: string }[] {
  const room = text.heldOut.length - prompt - length;
  return Array.from({ length: texts }, (_, i) => {
    const first = Math.floor((i * room) / texts);
    return {
      ids: text.heldOut.subarray(first, first + prompt),
      after: text.tokenizer.decode(text.heldOut.subarray(first + prompt, first + prompt + length)),
    };
  });
}

/** Goes on from held-out beginnings, all side by side. */
function writeTexts(model: LanguageModel, settings: FedTextSettings, text: LabText, seed: number): string[] {
  const starts = beginnings(settings, text).map(({ ids }) => ids);
  const rows = starts.length;
  const random = new Random(randomKey(seed, "lab", "fed-text.write"));
  const written = starts.map((): number[] => []);
  const carried = new CarriedStates();
  for (let t = 0; t < settings.prompt + settings.length - 1; t++) {
    const ids = starts.map((start, row) => (t < settings.prompt ? start[t] : written[row].at(-1)!));
    const scores = engine.scope(() =>
      noGrad(() => {
        const { logits, state } = model.step(tensor(ids, [rows], { dtype: "int32" }), carried.state);
        carried.keep(state);
        return logits.dataSync();
      }),
    );
    if (t < settings.prompt - 1) continue;
    const width = scores.length / rows;
    for (let row = 0; row < rows; row++) {
      written[row].push(sample(scores.subarray(row * width, (row + 1) * width), {}, random));
    }
  }
  carried.end();
  return written.map((ids) => text.tokenizer.decode(Int32Array.from(ids)));
}
