import { concat } from "../../autograd/ops/concat.ts";
import { crossEntropy } from "../../autograd/ops/cross-entropy.ts";
import { embedding } from "../../autograd/ops/embedding.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { type Tensor, tensor } from "../../memory/tensor.ts";
import { type CellChoice, cellChoice, type CellKind, cellRules } from "../../nn/cell-choice.ts";
import { CRF } from "../../nn/crf.ts";
import { Dropout } from "../../nn/dropout.ts";
import { Embedding } from "../../nn/embedding.ts";
import { Linear } from "../../nn/linear.ts";
import { Module, type ModuleOptions } from "../../nn/module.ts";
import type { RecurrentState } from "../../nn/recurrent-options.ts";
import type { RecurrentNetwork } from "../../nn/recurrent.ts";
import { networkPart, recurrentNetwork, sequenceNetwork, type SequenceNetwork } from "../../nn/recurrent-network.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import { affixCount } from "./affixes.ts";
import type { WordBatch } from "./word-batch.ts";

/** The architecture of a tagger. */
export interface TaggerArchitecture extends CellChoice {
  /** Default `"lstm"`. */
  cell?: CellKind;
  /** Width of the hidden state of each direction. Default 256. */
  hidden?: number;
  /** Recurrent layers over the words. Default 1. */
  layers?: number;
  /** Share of the values dropped while training: of what is read, between layers, and of what comes out. Default 0.5. */
  dropout?: number;
  /** Width of each word's vector. Default 128. */
  embedding?: number;
  /** Width of each character's vector. Default 32. */
  characterEmbedding?: number;
  /** Width of the hidden state of each direction over a word's characters. Default 64. */
  characterHidden?: number;
  /** Width of the vector of each of a word's 8 affixes: its last 1 to 4 and first 1 to 3 characters, and its shape. Default 16. */
  affixEmbedding?: number;
  /** A conditional random field over the outputs: how well tags fit their neighbours counts too. Default false. */
  crf?: boolean;
}

/** The rules behind `TaggerArchitecture`. */
export const taggerArchitectureRules: OptionRules<TaggerArchitecture> = {
  ...cellRules("lstm"),
  hidden: { type: "integer", min: 1, default: 256 },
  layers: { type: "integer", min: 1, default: 1 },
  dropout: { type: "number", min: 0, below: 1, default: 0.5 },
  embedding: { type: "integer", min: 1, default: 128 },
  characterEmbedding: { type: "integer", min: 1, default: 32 },
  characterHidden: { type: "integer", min: 1, default: 64 },
  affixEmbedding: { type: "integer", min: 1, default: 16 },
  crf: { type: "boolean", default: false },
};

export interface SequenceTaggerOptions extends TaggerArchitecture, ModuleOptions {
  /** How many ids words have, 0 (unknown) included. */
  words: number;
  /** How many ids characters have, 0 (unknown) included. */
  characters: number;
  /** How many ids affixes have, 0 (unknown) included. */
  affixes: number;
  /** How many tags there are: K. */
  tags: number;
}

/**
 * How far vectors of words and affixes are from 0 at the start. Those that occur twice keep most of their start, which is noise: it
 * must be small beside what the characters tell.
 */
const deviation = 0.1;

/** The target of words that count for nothing in the loss. */
export const uncounted = -100;

/**
 * A tag for each word (many to many, aligned): words are read by a vector of their own, by vectors of their affixes and by a
 * recurrent network over their characters, sentences by recurrent layers in both directions (Plank, Søgaard & Goldberg 2016); with a conditional random field on
 * top after Lample et al. 2016.
 *
 *     w_t = [E[word_t]; last states of both directions over the characters of word t; A[affixes of word t]];  h = recurrent layers(w);  logits_t = W h_t + b
 *
 * Parameters: `words.weight` [V, E], `characters.weight` [C, F], `affixes.weight` [A, G], `spelling.*` and `rnn.*` as in RNN, LSTM or GRU (a Transformer: `transformer.*`, and an LSTM for `spelling.*`, which words of any length need), `output.weight` [K,
 * 2H], `output.bias` [K], and `crf.*` as in CRF.
 */
export class SequenceTagger extends Module {
  readonly options: Required<SequenceTaggerOptions>;
  readonly words: Embedding;
  readonly characters: Embedding;
  readonly affixes: Embedding;
  readonly spelling: RecurrentNetwork<RecurrentState>;
  /** What reads the sentence: a recurrent network or a Transformer. */
  readonly network: SequenceNetwork;
  readonly output: Linear;
  readonly crf: CRF | null;
  readonly #inputDropout: Dropout;
  readonly #outputDropout: Dropout;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: SequenceTaggerOptions) {
    const resolved = resolveOptions<SequenceTaggerOptions>("new SequenceTagger", options, {
      ...taggerArchitectureRules,
      words: { type: "integer", min: 1 },
      characters: { type: "integer", min: 1 },
      affixes: { type: "integer", min: 1 },
      tags: { type: "integer", min: 1 },
      name: { type: "string", optional: true },
    });
    super("sequenceTagger", resolved.name);
    this.options = resolved;
    const { words, characters, affixes, tags, hidden, layers, dropout: rate } = resolved;
    const { embedding: wordSize, characterEmbedding, characterHidden, affixEmbedding, crf } = resolved;
    const named = (part: string): { name: string } => ({ name: `${this.name}.${part}` });
    const ofCell = { ...cellChoice(resolved), bidirectional: true };
    this.words = this.part(
      "words",
      new Embedding({ vocabularySize: words, embeddingSize: wordSize, deviation, ...named("words") }),
    );
    this.characters = this.part(
      "characters",
      new Embedding({ vocabularySize: characters, embeddingSize: characterEmbedding, ...named("characters") }),
    );
    this.affixes = this.part(
      "affixes",
      new Embedding({ vocabularySize: affixes, embeddingSize: affixEmbedding, deviation, ...named("affixes") }),
    );
    this.spelling = this.part(
      "spelling",
      recurrentNetwork({
        // The options of cells are for the network over words.
        cell: resolved.cell === "transformer" ? "lstm" : resolved.cell,
        nonlinearity: resolved.nonlinearity,
        resetAfter: resolved.resetAfter,
        bidirectional: true,
        inputSize: characterEmbedding,
        hiddenSize: characterHidden,
        ...named("spelling"),
      }),
    );
    const inputSize = wordSize + 2 * characterHidden + affixCount * affixEmbedding;
    this.#inputDropout = this.part("inputDropout", new Dropout({ rate, ...named("inputDropout") }));
    const part = networkPart(resolved.cell);
    this.network = this.part(
      part,
      sequenceNetwork({ ...ofCell, inputSize, hiddenSize: hidden, layers, dropout: rate, ...named(part) }),
    );
    this.#outputDropout = this.part("outputDropout", new Dropout({ rate, ...named("outputDropout") }));
    this.output = this.part(
      "output",
      new Linear({ inputSize: this.network.outputSize, outputSize: tags, ...named("output") }),
    );
    this.crf = crf ? this.part("crf", new CRF({ tagCount: tags, ...named("crf") })) : null;
  }

  /** Scores of the tags of each word, [T, B, K]. */
  forward(batch: WordBatch): Tensor {
    const shape = [batch.steps, batch.batch];
    const words = this.words.forward(tensor(batch.words, shape, { dtype: "int32" }));
    const spelt = embedding(this.#spell(batch), tensor(batch.places, shape, { dtype: "int32" }));
    const x = this.#inputDropout.forward(concat([words, spelt], 2));
    const { output } = this.network.forward(x, { lengths: batch.lengths });
    return this.output.forward(this.#outputDropout.forward(output));
  }

  /**
   * Mean of -ln p of the right tags over the words that count, in nats; with a conditional random field of -ln p of the whole path, for
   * each word.
   *
   * @param targets [T, B]; without a field `uncounted` where a word counts for nothing, as in the padding
   */
  loss(logits: Tensor, targets: Int32Array, lengths: readonly number[]): Tensor {
    if (this.crf) return this.crf.loss(logits, targets, { lengths });
    return crossEntropy(logits, targets, { ignoreIndex: uncounted });
  }

  /** A vector for each different word of a batch: what both directions know at the ends of its characters, and its affixes. */
  #spell({ characters: { values, steps, batch, lengths }, affixes }: WordBatch): Tensor {
    const characters = this.characters.forward(tensor(values, [steps, batch], { dtype: "int32" }));
    const { h } = this.spelling.forward(characters, { lengths }).state;
    const affixVectors = this.affixes.forward(tensor(affixes, [1, batch, affixCount], { dtype: "int32" }));
    const ends = reshape(affixVectors, [1, batch, affixCount * affixVectors.shape[3]]);
    const all = concat([slice(h, { end: 1 }), slice(h, { start: 1 }), ends], 2);
    return reshape(all, [batch, all.shape[2]]);
  }
}
