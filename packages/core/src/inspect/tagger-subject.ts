import { crossEntropy } from "../autograd/ops/cross-entropy.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import { noGrad } from "../autograd/tape.ts";
import { HiddenstateError } from "../errors.ts";
import { scope } from "../memory/scope.ts";
import type { Tensor } from "../memory/tensor.ts";
import { uncounted } from "../tasks/tagging/sequence-tagger.ts";
import { SpellingTable, TagVocabulary } from "../tasks/tagging/tag-vocabulary.ts";
import type { TaggerModel } from "../tasks/tagging/tagger-model.ts";
import { checkedSentences, type TaggedSentence } from "../tasks/tagging/tagging-data.ts";
import { wordBatch } from "../tasks/tagging/word-batch.ts";
import type { FollowedStretch } from "./follow-units.ts";
import type { GradientFlowRun } from "./gradient-flow.ts";
import { type AnyRecurrentNetwork, observe } from "./observe.ts";
import { groups, recurrentPart, spread } from "./recurrent-part.ts";
import type { InspectionSubject, Reading, Without } from "./subject.ts";

/** Sentences that are looked at, evenly spread where there are more, and how many of them at a time. */
const [mostSentences, together] = [512, 64];

/** A sentence with the one word of it whose tag is looked at. */
interface Place {
  words: Int32Array;
  at: number;
  tag: number;
}

/**
 * A tagger with tagged sentences: the network that reads the words. The loss is of one word in each sentence, somewhere in it, by the scores of
 * its tags (a conditional random field, which knows of whole paths, is left out).
 *
 * @throws HiddenstateError `invalid`, `missing` or `mismatch`, naming the sentence, where one does not fit; `unknown` where the model knows
 *   none of the tags; `unsupported` for a Transformer
 */
export class TaggerSubject implements InspectionSubject {
  readonly task = "tag";
  readonly network: AnyRecurrentNetwork;
  readonly unit = "words";
  readonly inNats = true;
  readonly notices: string[] = [];
  readonly longestLag: number;
  readonly longestContext: number;
  readonly steps: number;
  readonly flowNote: string;
  readonly flowIsReach = true;
  readonly sequence: Without = {
    without: "A bidirectional network has none: no state of it leads to the next.",
  };
  readonly #tagger: TaggerModel;
  readonly #table: SpellingTable;
  readonly #places: Place[];
  readonly #first: readonly string[];

  constructor(tagger: TaggerModel, sentences: readonly TaggedSentence[]) {
    const checked = checkedSentences("inspect: sentences", sentences);
    const ids = new Map(tagger.tags.map((tag, id) => [tag, id]));
    this.#tagger = tagger;
    this.network = recurrentPart(tagger.model.network);
    this.#table = new SpellingTable(new TagVocabulary(tagger.config.vocabulary));
    const known = checked.flatMap(({ words, tags }, i) => {
      // A place that differs from sentence to sentence, near its beginning, middle and end alike.
      const at = Math.floor(((i * 0.618034) % 1) * words.length);
      const tag = ids.get(tags[at]);
      return tag === undefined ? [] : [{ words, at, tag }];
    });
    if (known.length === 0) {
      throw new HiddenstateError(
        "unknown",
        `inspect: unknown tags: the model knows ${tagger.tags.slice(0, 8).join(", ")}${tagger.tags.length > 8 ? ", ..." : ""}, and the ` +
          "sentences have none of them; give sentences that are tagged as the training's were",
      );
    }
    const chosen = spread(known, mostSentences);
    if (chosen.length < known.length)
      this.notices.push(`${mostSentences} of ${known.length.toLocaleString("en-US")} sentences were read`);
    this.#first = chosen.reduce((far, one) => (one.words.length > far.words.length ? one : far)).words;
    this.#places = chosen.map(({ words, at, tag }) => ({ words: this.#table.encode(words), at, tag }));
    this.steps = this.#places.reduce((sum, { words }) => sum + words.length, 0);
    const longest = this.#places.reduce((most, { words }) => Math.max(most, words.length), 0);
    this.longestLag = longest - 1;
    this.longestContext = longest;
    this.flowNote =
      "The loss is of one word; ← reads backwards, and remembers the k words after it." +
      (tagger.model.crf ? " By the words' scores alone, without the conditional random field." : "");
  }

  *flowRuns(): Generator<GradientFlowRun> {
    for (const batch of groups(this.#places, together)) {
      yield { loss: () => this.#loss(batch), positions: batch.map(({ at }) => at) };
    }
  }

  *readings(): Generator<Reading> {
    for (const batch of groups(this.#places, together))
      yield { start: 0, run: () => noGrad(() => void this.#logits(batch)) };
  }

  readonly losses = (context: number | null): Generator<void, Float64Array> => this.#losses(context);

  describeContext(k: number | "k"): string {
    return k === 1 ? "the word alone" : `the word and ${k === "k" ? "k - 1" : k - 1} on each side`;
  }

  follow(most: number): FollowedStretch {
    const words = this.#table.encode(this.#first.slice(0, most));
    const layers = observe(this.network, () => noGrad(() => void this.#logits([{ words, at: 0, tag: 0 }])));
    return { pieces: Array.from(words, (_, i) => `${this.#first[i]} `), layers };
  }

  *#losses(context: number | null): Generator<void, Float64Array> {
    const result = new Float64Array(this.#places.length);
    let done = 0;
    for (const batch of groups(this.#places, together)) {
      const cut = batch.map(({ words, at, tag }): Place => {
        const start = context === null ? 0 : Math.max(0, at - context + 1);
        return { words: words.slice(start, context === null ? words.length : at + context), at: at - start, tag };
      });
      const found = scope(() => noGrad(() => logSoftmax(this.#logits(cut)).exactDataSync()));
      const tags = this.#tagger.tags.length;
      cut.forEach(({ at, tag }, b) => {
        result[done + b] = -found[(at * batch.length + b) * tags + tag];
      });
      done += batch.length;
      yield;
    }
    return result;
  }

  #logits(batch: readonly Place[]): Tensor {
    const sentences = batch.map(({ words }) => words);
    return this.#tagger.model.forward(wordBatch(sentences, this.#table.spellings));
  }

  #loss(batch: readonly Place[]): Tensor {
    const logits = this.#logits(batch);
    const targets = new Int32Array(logits.shape[0] * batch.length).fill(uncounted);
    batch.forEach(({ at, tag }, b) => (targets[at * batch.length + b] = tag));
    return crossEntropy(logits, targets, { ignoreIndex: uncounted, reduction: "sum" });
  }
}
