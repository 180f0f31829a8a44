import { crossEntropy } from "../autograd/ops/cross-entropy.ts";
import { meanSquaredError } from "../autograd/ops/regression-loss.ts";
import { mul } from "../autograd/ops/binary.ts";
import { noGrad } from "../autograd/tape.ts";
import { HiddenstateError } from "../errors.ts";
import { scope } from "../memory/scope.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { encodeExamples, named, type SequenceExample } from "../tasks/classification/classification-data.ts";
import type { ClassifierModel } from "../tasks/classification/classifier-model.ts";
import type { EncodedSequence } from "../tasks/sequence-encoder.ts";
import { surprisalOf } from "../tasks/surprisal.ts";
import type { FollowedStretch } from "./follow-units.ts";
import type { GradientFlowRun } from "./gradient-flow.ts";
import { type AnyRecurrentNetwork, observe } from "./observe.ts";
import { groups, lastOnes, recurrentPart, spread } from "./recurrent-part.ts";
import type { InspectionSubject, Reading, Without } from "./subject.ts";

/** Sequences that are looked at, evenly spread where there are more, and how many of them at a time. */
const [mostSequences, together] = [512, 64];

/** A sequence with its target, by number. */
interface Labelled {
  sequence: EncodedSequence;
  target: number;
}

/**
 * A sequence classifier, or a model from sequence to number, with examples. Its loss is of a whole sequence: lags are counted from the
 * sequence's end (from its beginning, for the direction that reads backwards), and the past is cut to the sequence's last steps.
 *
 * @throws HiddenstateError `invalid`, `mismatch` or `unknown`, naming the example, where one does not fit the model; `unsupported` for a
 *   Transformer
 */
export class ClassifierSubject implements InspectionSubject {
  readonly task = "classify";
  readonly network: AnyRecurrentNetwork;
  readonly unit: string;
  readonly inNats: boolean;
  readonly notices: string[] = [];
  readonly longestLag: number;
  readonly longestContext: number;
  readonly steps: number;
  readonly flowNote: string;
  readonly flowIsReach: boolean;
  readonly sequence: (() => Tensor) | Without;
  readonly #classifier: ClassifierModel;
  readonly #labelled: Labelled[];

  constructor(classifier: ClassifierModel, examples: readonly SequenceExample[]) {
    const { model, encoder, config, tokenizer } = classifier;
    if (examples.length === 0)
      throw new HiddenstateError("invalid", "inspect: invalid examples: there are none; give some");
    const chosen = spread(examples, mostSequences);
    if (chosen.length < examples.length)
      this.notices.push(`${mostSequences} of ${examples.length.toLocaleString("en-US")} sequences were read`);
    const { sequences, targets } = encodeExamples(named("examples", chosen), encoder, config.target);
    this.#classifier = classifier;
    this.#labelled = sequences.map((sequence, i) => ({ sequence, target: targets[i] }));
    this.network = recurrentPart(model.network);
    this.unit = tokenizer ? { character: "characters", byte: "bytes", word: "words" }[tokenizer.kind] : "steps";
    this.inNats = config.target.kind === "class";
    this.steps = sequences.reduce((sum, { length }) => sum + length, 0);
    const longest = sequences.reduce((most, { length }) => Math.max(most, length), 0);
    this.longestLag = longest - 1;
    this.longestContext = longest;
    const { pooling } = model.options;
    const ends = `k is counted from the sequence's end${this.network.directions === 2 ? " (its beginning, for ←)" : ""}`;
    this.flowNote =
      pooling === "last"
        ? `The loss is of the whole sequence: ${ends}.`
        : `The loss is of the whole sequence, and the ${pooling} pooling reaches every step at once: ${ends}, and a norm says how much a ` +
          "step counts, not how far the recurrence carries it.";
    this.flowIsReach = pooling === "last";
    this.sequence =
      this.network.directions === 2
        ? { without: "A bidirectional network has none: no state of it leads to the next." }
        : () => this.#longest();
  }

  *flowRuns(): Generator<GradientFlowRun> {
    for (const batch of groups(this.#labelled, together)) yield { loss: () => this.#loss(batch) };
  }

  *readings(): Generator<Reading> {
    for (const batch of groups(this.#labelled, together)) {
      yield { start: 0, run: () => noGrad(() => void this.#outputs(batch.map(({ sequence }) => sequence))) };
    }
  }

  readonly losses = (context: number | null): Generator<void, Float64Array> => this.#losses(context);

  describeContext(k: number | "k"): string {
    return `${lastOnes(k, this.unit)} of the sequence`;
  }

  follow(most: number): FollowedStretch {
    const { sequence } = this.#labelled.reduce((far, one) => (one.sequence.length > far.sequence.length ? one : far));
    const cut = this.#cut(sequence, Math.min(most, sequence.length), 0);
    const layers = observe(this.network, () => noGrad(() => void this.#outputs([cut])));
    const decoder = this.#classifier.tokenizer?.decoder();
    const pieces = Array.from({ length: cut.length }, (_, t) => {
      const id = cut.values[t];
      return decoder ? (id < 0 ? "?" : decoder.push(id)) : `${t + 1} `;
    });
    return { pieces, layers };
  }

  *#losses(context: number | null): Generator<void, Float64Array> {
    const result = new Float64Array(this.#labelled.length);
    const { target } = this.#classifier.config;
    let done = 0;
    for (const batch of groups(this.#labelled, together)) {
      const cut = batch.map(({ sequence }) => {
        const length = Math.min(context ?? sequence.length, sequence.length);
        return this.#cut(sequence, length, sequence.length - length);
      });
      const found = scope(() => noGrad(() => this.#outputs(cut).dataSync()));
      const width = found.length / batch.length;
      batch.forEach(({ target: truth }, i) => {
        const scores = found.slice(i * width, (i + 1) * width);
        result[done + i] =
          target.kind === "class"
            ? surprisalOf(scores, truth)
            : (scores[0] - (truth - target.mean) / target.deviation) ** 2;
      });
      done += batch.length;
      yield;
    }
    return result;
  }

  #outputs(sequences: readonly EncodedSequence[]): Tensor {
    const { x, lengths } = this.#classifier.encoder.batch(sequences);
    return this.#classifier.model.forward(x, lengths);
  }

  /** The sum of the losses of the sequences. */
  #loss(batch: readonly Labelled[]): Tensor {
    const outputs = this.#outputs(batch.map(({ sequence }) => sequence));
    const truths = batch.map(({ target }) => target);
    const { target } = this.#classifier.config;
    if (target.kind === "class") return crossEntropy(outputs, truths, { reduction: "sum" });
    const numbers = tensor(
      truths.map((truth) => (truth - target.mean) / target.deviation),
      [batch.length, 1],
    );
    return mul(meanSquaredError(outputs, numbers), batch.length);
  }

  /** Some steps of a sequence, from `start` on. */
  #cut({ values, length: all }: EncodedSequence, length: number, start: number): EncodedSequence {
    const width = values.length / all;
    return { length, values: values.slice(start * width, (start + length) * width) };
  }

  /** The longest sequence as the network reads it. */
  #longest(): Tensor {
    const { encoder, model } = this.#classifier;
    const all = this.#labelled.map(({ sequence }) => sequence);
    const { x } = encoder.batch([all.reduce((far, one) => (one.length > far.length ? one : far))]);
    return model.embedding ? noGrad(() => model.embedding!.forward(x)) : x;
  }
}
