import { crossEntropy } from "../autograd/ops/cross-entropy.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import { noGrad } from "../autograd/tape.ts";
import { type TokenSource, tokenSource } from "../data/token-source.ts";
import type { Tokenizer } from "../data/tokenizer.ts";
import { HiddenstateError } from "../errors.ts";
import { scope } from "../memory/scope.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import type { RecurrentState } from "../nn/recurrent-options.ts";
import { CarriedState } from "../tasks/language-modelling/carried-state.ts";
import type { LanguageModel } from "../tasks/language-modelling/language-model.ts";
import { encodeSource, type TextSource } from "../tasks/language-modelling/text-data.ts";
import type { TextModel } from "../tasks/language-modelling/text-model.ts";
import type { GradientFlowRun } from "./gradient-flow.ts";
import type { FollowedStretch } from "./follow-units.ts";
import { type AnyRecurrentNetwork, observe } from "./observe.ts";
import { lastOnes } from "./recurrent-part.ts";
import type { InspectionSubject, Reading } from "./subject.ts";

/** Tokens that are read of a longer text: its first ones. */
const mostTokens = 65536;
/** A long text is read as up to 16 stretches side by side, each at least so long. */
const [mostStretches, shortestStretch] = [16, 4096];
/** Time steps whose gates are kept at a time, and how many are looked at in all. */
const [pieceSteps, gateSteps] = [64, 16384];
/** Places in the text that a gradient flow is measured from, and that are predicted with a cut context. */
const [flowPlaces, predictedPlaces] = [128, 512];
/** Numbers that activations of one batch may take, about. */
const roomiest = 2 ** 23;

/**
 * A language model with a text. Long texts are read as stretches side by side; what is predicted or gone back from lies evenly spread over
 * them, and has read as much before as the measurement needs.
 *
 * @throws HiddenstateError `invalid` for a text of fewer than three tokens, `unknown` for characters that the model never saw
 *
 * @example
 * const work = inspection(new TextSubject(model, text), { window: 64 });
 * let next = work.next();
 * while (!next.done) next = work.next();   // next.value.part says what is being measured
 * console.log(next.value.advice.sentences.join(" "));
 */
export class TextSubject implements InspectionSubject {
  readonly task = "lm";
  readonly network: AnyRecurrentNetwork;
  readonly unit: string;
  readonly inNats = true;
  readonly notices: string[] = [];
  readonly longestLag: number;
  readonly longestContext: number;
  readonly steps: number;
  readonly flowNote = null;
  readonly flowIsReach = true;
  readonly #model: LanguageModel;
  readonly #tokenizer: Tokenizer;
  readonly #ids: Int32Array;
  /** Side by side: `#stretches` rows of `#length` inputs each. */
  readonly #stretches: number;
  readonly #length: number;

  constructor({ model, tokenizer }: TextModel, text: TextSource | TokenSource) {
    const all = tokenSource(encodeSource(tokenizer, text));
    if (all.length < 3) {
      throw new HiddenstateError(
        "invalid",
        `inspect: invalid text: got ${all.length} tokens, expected at least 3: one to remember, one to read and one to predict`,
      );
    }
    this.unit = { character: "characters", byte: "bytes", word: "words" }[tokenizer.kind];
    if (all.length > mostTokens) {
      this.notices.push(
        `the first ${mostTokens.toLocaleString("en-US")} of ${all.length.toLocaleString("en-US")} ${this.unit} were read`,
      );
    }
    this.#model = model;
    this.#tokenizer = tokenizer;
    this.network = model.rnn;
    this.#ids = all.read(0, Math.min(all.length, mostTokens));
    // The last token is only predicted.
    this.steps = this.#ids.length - 1;
    this.#stretches = Math.min(mostStretches, Math.max(1, Math.floor(this.steps / shortestStretch)));
    this.#length = Math.floor(this.steps / this.#stretches);
    this.longestLag = this.#length - 1;
    this.longestContext = Math.max(1, Math.floor(this.#length / 2));
  }

  *flowRuns(lags: number): Generator<GradientFlowRun> {
    // The state from which the gradient's stretch starts has read as much before it, where there is as much.
    const warm = Math.min(lags, this.#length - 1 - lags);
    const places = this.#places(flowPlaces, warm + lags);
    for (const batch of batchesOf(places, this.#rows(lags + 1))) {
      yield { loss: () => this.#lossAt(batch, lags, warm) };
    }
  }

  *readings(): Generator<Reading> {
    const carried = new CarriedState();
    const most = Math.min(this.#length, Math.ceil(gateSteps / this.#stretches));
    try {
      for (let start = 0; start < most; start += pieceSteps) {
        const end = Math.min(most, start + pieceSteps);
        yield { start, run: () => noGrad(() => void this.#read(start, end, carried)) };
      }
    } finally {
      carried.end();
    }
  }

  readonly losses = (context: number | null): Generator<void, Float64Array> => this.#losses(context);

  readonly sequence = (): Tensor => {
    const ids = this.#ids.slice(0, Math.min(this.#length, 1000));
    return noGrad(() => this.#model.embedding.forward(tensor(ids, [ids.length, 1], { dtype: "int32" })));
  };

  describeContext(k: number | "k"): string {
    return lastOnes(k, this.unit);
  }

  follow(most: number): FollowedStretch {
    const ids = this.#ids.slice(0, Math.min(most, this.#ids.length));
    const layers = observe(this.network, () =>
      noGrad(() => void this.#model.forward(tensor(ids, [ids.length, 1], { dtype: "int32" }))),
    );
    const decoder = this.#tokenizer.decoder();
    return { pieces: Array.from(ids, (id) => decoder.push(id)), layers };
  }

  *#losses(context: number | null): Generator<void, Float64Array> {
    const places = this.#places(predictedPlaces, this.longestContext);
    if (context === null) return yield* this.#lossesWithAll(places);
    const result = new Float64Array(places.length);
    let done = 0;
    for (const batch of batchesOf(places, this.#rows(context))) {
      const found = scope(() => noGrad(() => this.#lossesOf(batch, this.#outputsAt(batch, context))));
      result.set(found, done);
      done += batch.length;
      yield;
    }
    return result;
  }

  /** Places in the text, spread evenly over all stretches, with at least so many tokens of their own stretch before them. */
  #places(count: number, before: number): Int32Array {
    const free = this.#length - before;
    const each = Math.max(1, Math.min(free, Math.floor(count / this.#stretches)));
    const places = new Int32Array(each * this.#stretches);
    for (let stretch = 0; stretch < this.#stretches; stretch++) {
      for (let i = 0; i < each; i++) {
        const place = before + Math.floor(((i + 0.5) / each) * free);
        places[stretch * each + i] = stretch * this.#length + place;
      }
    }
    return places;
  }

  /** How many rows of so many steps fit a batch. */
  #rows(steps: number): number {
    const { hiddenSize, layers } = this.network.options;
    return Math.min(256, Math.max(1, Math.floor(roomiest / (steps * hiddenSize * layers * 10))));
  }

  /** The tokens `back` before each place up to the one `ahead` of it, [back + ahead + 1, B]. */
  #tokens(places: Int32Array, back: number, ahead: number): Tensor {
    const steps = back + ahead + 1;
    const ids = new Int32Array(steps * places.length);
    for (let t = 0; t < steps; t++) {
      places.forEach((place, row) => (ids[t * places.length + row] = this.#ids[place - back + t]));
    }
    return tensor(ids, [steps, places.length], { dtype: "int32" });
  }

  /** The sum of the losses of what follows each place, through a state that has read `warm` tokens before. */
  #lossAt(places: Int32Array, lags: number, warm: number): Tensor {
    const state = noGrad((): RecurrentState | undefined => {
      if (warm === 0) return undefined;
      // Not observed: a network's `forward` is looked at once.
      const { observer } = this.network;
      this.network.observer = null;
      const before = this.#model.embedding.forward(this.#tokens(places, lags + warm, -lags - 1));
      const after = this.network.forward(before).state;
      this.network.observer = observer;
      return after;
    });
    const { output } = this.network.forward(this.#model.embedding.forward(this.#tokens(places, lags, 0)), { state });
    return crossEntropy(this.#logits(slice(output, { start: -1 })), this.#following(places), { reduction: "sum" });
  }

  /** The last output after reading `context` tokens from a state of zeros, [1, B, H]. */
  #outputsAt(places: Int32Array, context: number): Tensor {
    const inputs = this.#model.embedding.forward(this.#tokens(places, context - 1, 0));
    return slice(this.network.forward(inputs).output, { start: -1 });
  }

  *#lossesWithAll(places: Int32Array): Generator<void, Float64Array> {
    const result = new Float64Array(places.length);
    const carried = new CarriedState();
    try {
      for (let start = 0; start < this.#length; start += pieceSteps) {
        const end = Math.min(this.#length, start + pieceSteps);
        scope(() =>
          noGrad(() => {
            const output = this.#read(start, end, carried);
            places.forEach((place, i) => {
              const [stretch, t] = [Math.floor(place / this.#length), place % this.#length];
              if (t < start || t >= end) return;
              const row = slice(slice(output, { start: t - start, end: t - start + 1 }), {
                axis: 1,
                start: stretch,
                end: stretch + 1,
              });
              result[i] = this.#lossesOf(Int32Array.of(place), row)[0];
            });
          }),
        );
        yield;
      }
    } finally {
      carried.end();
    }
    return result;
  }

  /** Reads all stretches from `start` up to `end`, with carried state: [end - start, stretches, H]. */
  #read(start: number, end: number, carried: CarriedState): Tensor {
    const places = Int32Array.from({ length: this.#stretches }, (_, stretch) => stretch * this.#length + end - 1);
    const inputs = this.#model.embedding.forward(this.#tokens(places, end - 1 - start, 0));
    const { output, state } = this.network.forward(inputs, { state: carried.state });
    carried.keep(state);
    return output;
  }

  /** The loss of what follows each place, from the network's outputs there, [1, B, H]. */
  #lossesOf(places: Int32Array, output: Tensor): Float64Array {
    const logProbabilities = logSoftmax(this.#logits(output)).exactDataSync();
    const width = logProbabilities.length / places.length;
    return Float64Array.from(this.#following(places), (id, row) => -logProbabilities[row * width + id]);
  }

  #logits(output: Tensor): Tensor {
    return this.#model.output.forward(reshape(output, [output.shape[1], output.shape[2]]));
  }

  #following(places: Int32Array): Int32Array {
    return places.map((place) => this.#ids[place + 1]);
  }
}

function* batchesOf(places: Int32Array, size: number): Generator<Int32Array> {
  for (let start = 0; start < places.length; start += size) yield places.subarray(start, start + size);
}
