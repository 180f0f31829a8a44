import { concat } from "../../autograd/ops/concat.ts";
import { embedding } from "../../autograd/ops/embedding.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { tanh } from "../../autograd/ops/unary.ts";
import { noGrad } from "../../autograd/tape.ts";
import type { Padded } from "../../data/padding.ts";
import { HiddenstateError } from "../../errors.ts";
import { type Tensor, tensor, zeros } from "../../memory/tensor.ts";
import { type CellChoice, cellChoice, type CellKind, cellRules, recurrentKinds } from "../../nn/cell-choice.ts";
import { Dropout } from "../../nn/dropout.ts";
import { Embedding } from "../../nn/embedding.ts";
import { type AttentionMemory, GlobalAttention } from "../../nn/global-attention.ts";
import { Linear } from "../../nn/linear.ts";
import { Module, type ModuleOptions } from "../../nn/module.ts";
import type { RecurrentState } from "../../nn/recurrent-options.ts";
import type { RecurrentNetwork } from "../../nn/recurrent.ts";
import { recurrentNetwork } from "../../nn/recurrent-network.ts";
import { TiedLinear } from "../../nn/tied-linear.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import { likeliestOfRows } from "../likeliest.ts";
import type { OwnOutput } from "../own-output.ts";
import type { PairBatch } from "./pair-batch.ts";

/** The architecture of a translator. */
export interface TranslatorArchitecture extends CellChoice {
  /** Default `"lstm"`. */
  cell?: CellKind;
  /** Width of the hidden state of the decoder, and of each direction of the encoder. Default 256. */
  hidden?: number;
  /** Recurrent layers of both. Default 1. */
  layers?: number;
  /** Share of the values dropped while training: of embeddings, between layers, and before the output layer. Default 0.1. */
  dropout?: number;
  /** Width of each token's vector. Default 64; tied: `hidden`. */
  embedding?: number;
  /** The vectors of the tokens that are written are the output layer's weights too; they are as wide as `hidden` then. Default false. */
  tied?: boolean;
  /** How places of the source are scored: `"multiplicative"` (Luong) or `"additive"` (Bahdanau). Default `"multiplicative"`. */
  attention?: "multiplicative" | "additive";
  /** The decoder also reads what attention found at the step before (Luong et al. 2015, section 3.3). Default false. */
  inputFeeding?: boolean;
}

/** The rules behind `TranslatorArchitecture`. */
export const translatorArchitectureRules: OptionRules<TranslatorArchitecture> = {
  ...cellRules("lstm", recurrentKinds),
  hidden: { type: "integer", min: 1, default: 256 },
  layers: { type: "integer", min: 1, default: 1 },
  dropout: { type: "number", min: 0, below: 1, default: 0.1 },
  embedding: { type: "integer", min: 1, optional: true },
  tied: { type: "boolean", default: false },
  attention: { type: "choice", choices: ["multiplicative", "additive"], default: "multiplicative" },
  inputFeeding: { type: "boolean", default: false },
};

/** Width of the tokens' vectors: what is asked for, or else what fits. */
export function embeddingWidth({
  embedding: width,
  hidden,
  tied,
}: Pick<TranslatorArchitecture, "embedding"> & { hidden: number; tied: boolean }): number {
  return width ?? (tied ? hidden : 64);
}

export interface SequenceTranslatorOptions extends TranslatorArchitecture, ModuleOptions {
  /** How many tokens the source language has. */
  sourceSize: number;
  /** How many tokens the target language has: V. The boundary, with id V, comes on top. */
  targetSize: number;
}

/** What the decoder knows between two steps. */
export interface DecoderState {
  rnn: RecurrentState;
  /** What attention made of the last step, [N, H], with input feeding; else null. */
  fed: Tensor | null;
}

/** What the encoder left: where the decoder starts, and what it looks at. */
export interface EncodedSource {
  state: DecoderState;
  memory: AttentionMemory;
}

/**
 * Writes one sequence after reading another: an encoder in both directions, and a decoder that looks back at all of its steps.
 *
 *     m = both directions over E[source];            s_0 = tanh(W m's last states), and for the LSTM c_0 = W' the last c
 *     s_t = decoder([E'[y_{t-1}]; a_{t-1}], s_{t-1})  (a_{t-1} with input feeding only)
 *     c_t = attention of s_t over m;                 a_t = tanh(W_c [c_t; s_t]);   logits_t = W_o a_t + b   (tied: W_o = E')
 *
 * Target ids are 0 to V - 1; V is the boundary, which is read first and written last.
 *
 * Parameters: `source.weight`, `target.weight`, `encoder.*` and `decoder.*` as in RNN, LSTM or GRU, `bridge_h_l0.*` (and `bridge_c_l0.*`) for
 * each layer, `attention.*` as in GlobalAttention, `combine.*` and `output.*` (tied: `output.bias` only).
 *
 * Source: Luong, Pham & Manning 2015 (arXiv 1508.04025, eq. 5-7); Bahdanau, Cho & Bengio 2015 (arXiv 1409.0473) for the encoder.
 */
export class SequenceTranslator extends Module {
  readonly options: Required<SequenceTranslatorOptions>;
  readonly source: Embedding;
  readonly target: Embedding;
  readonly encoder: RecurrentNetwork<RecurrentState>;
  readonly decoder: RecurrentNetwork<RecurrentState>;
  readonly attention: GlobalAttention;
  readonly combine: Linear;
  readonly output: Linear | TiedLinear;
  readonly #bridges: { h: Linear; c: Linear | null }[];
  readonly #sourceDropout: Dropout;
  readonly #targetDropout: Dropout;
  readonly #outputDropout: Dropout;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none, `unsupported` or `mismatch` for those that do not go together */
  constructor(options: SequenceTranslatorOptions) {
    const resolved = resolveOptions<SequenceTranslatorOptions>("new SequenceTranslator", options, {
      ...translatorArchitectureRules,
      sourceSize: { type: "integer", min: 1 },
      targetSize: { type: "integer", min: 1 },
      name: { type: "string", optional: true },
    });
    super("sequenceTranslator", resolved.name);
    const width = embeddingWidth(resolved);
    this.options = { ...resolved, embedding: width };
    const { sourceSize, targetSize, hidden, layers, dropout: rate, tied } = resolved;
    const { attention: score, inputFeeding, cell } = resolved;
    refuseForTranslation(this.options);
    const named = (part: string): { name: string } => ({ name: `${this.name}.${part}` });
    const linear = (part: string, inputSize: number, outputSize = hidden): Linear =>
      this.part(part, new Linear({ inputSize, outputSize, ...named(part) }));
    const dropout = (part: string): Dropout => this.part(part, new Dropout({ rate, ...named(part) }));
    const vectors = (part: string, vocabularySize: number, deviation?: number): Embedding => {
      const size = { vocabularySize, embeddingSize: width, ...(deviation !== undefined && { deviation }) };
      return this.part(part, new Embedding({ ...size, ...named(part) }));
    };
    const network = (part: string, inputSize: number, bidirectional: boolean): RecurrentNetwork<RecurrentState> => {
      const sizes = { inputSize, hiddenSize: hidden, layers, dropout: rate };
      return this.part(part, recurrentNetwork({ ...cellChoice(resolved), ...sizes, bidirectional, ...named(part) }));
    };
    this.source = vectors("source", sourceSize);
    // What is also compared with starts small: else the first logits would be as large as the vectors are long.
    this.target = vectors("target", targetSize + 1, tied ? 0.1 : undefined);
    this.#sourceDropout = dropout("sourceDropout");
    this.#targetDropout = dropout("targetDropout");
    this.encoder = network("encoder", width, true);
    this.#bridges = Array.from({ length: layers }, (_, layer) => ({
      h: linear(`bridge_h_l${layer}`, 2 * hidden),
      c: cell === "lstm" ? linear(`bridge_c_l${layer}`, 2 * hidden) : null,
    }));
    this.decoder = network("decoder", width + (inputFeeding ? hidden : 0), false);
    const looking = { querySize: hidden, memorySize: 2 * hidden, score, ...named("attention") };
    this.attention = this.part("attention", new GlobalAttention(looking));
    this.combine = linear("combine", 3 * hidden);
    this.#outputDropout = dropout("outputDropout");
    this.output = tied
      ? this.part("output", new TiedLinear(this.target.weight, `${this.name}.output`))
      : linear("output", hidden, targetSize + 1);
  }

  /** The id that a target begins after and ends with: V. */
  get boundary(): number {
    return this.options.targetSize;
  }

  /** Reads sources [S, B], of which -1 is an unknown token, or padding. */
  encode({ values, steps, batch, lengths }: Padded<Int32Array>): EncodedSource {
    const { layers, hidden, inputFeeding } = this.options;
    const vectors = this.source.forward(tensor(values, [steps, batch], { dtype: "int32" }));
    const { output, state } = this.encoder.forward(this.#sourceDropout.forward(vectors), { lengths });
    /** Both directions of a layer side by side, [B, 2H]. */
    const ends = (part: Tensor, layer: number): Tensor => {
      const direction = (d: number): Tensor => {
        const start = 2 * layer + d;
        return reshape(slice(part, { start, end: start + 1 }), [batch, hidden]);
      };
      return concat([direction(0), direction(1)], 1);
    };
    const start = (part: Tensor, pick: "h" | "c"): Tensor => {
      const ofLayers = this.#bridges.map((bridge, layer) => bridge[pick]!.forward(ends(part, layer)));
      return reshape(concat(ofLayers), [layers, batch, hidden]);
    };
    const rnn: RecurrentState = { h: tanh(start(state.h, "h")) };
    if (state.c) rnn.c = start(state.c, "c");
    const fed = inputFeeding ? zeros([batch, hidden]) : null;
    return { state: { rnn, fed }, memory: this.attention.memory(output, lengths) };
  }

  /**
   * Scores of what comes at each step, [T, B, V + 1].
   *
   * Fed the truth, a decoder without input feeding runs over all steps at once; else step follows step, with the same bits.
   *
   * @param own where the decoder is fed its likeliest output of the step before instead; default: nowhere (teacher forcing)
   */
  forward({ source, target, inputs }: PairBatch, own: OwnOutput | null = null): Tensor {
    const { steps, batch, lengths } = target;
    const encoded = this.encode(source);
    const together = own === null && !this.options.inputFeeding;
    const hidden = together
      ? this.#allAtOnce(inputs, lengths, encoded)
      : this.#stepByStep(inputs, { steps, batch }, encoded, own);
    return this.output.forward(reshape(hidden, [steps, batch, this.options.hidden]));
  }

  /**
   * One step of decoding; on the tape, as every operation.
   *
   * @param tokens int32 [N], what was written last
   * @param owners int32 [N], the source of each row; default: row n writes of source n
   * @returns logits [N, V + 1], how much each place of the source counted, [N, S], and the state after
   */
  step(
    tokens: Tensor,
    state: DecoderState,
    memory: AttentionMemory,
    owners?: Tensor,
  ): { logits: Tensor; weights: Tensor; state: DecoderState } {
    const { hidden, weights, state: next } = this.#advance(this.#targetVectors(tokens), state, memory, owners);
    return { logits: this.output.forward(hidden), weights, state: next };
  }

  #allAtOnce(inputs: Int32Array, lengths: readonly number[], { state, memory }: EncodedSource): Tensor {
    const shape = [inputs.length / lengths.length, lengths.length];
    const vectors = this.#targetVectors(tensor(inputs, shape, { dtype: "int32" }));
    const { output } = this.decoder.forward(vectors, { state: state.rnn, lengths });
    const { context } = this.attention.forward(output, memory, lengths);
    return this.#attentional(context, output);
  }

  #stepByStep(
    inputs: Int32Array,
    { steps, batch }: { steps: number; batch: number },
    { state: start, memory }: EncodedSource,
    own: OwnOutput | null,
  ): Tensor {
    const rows = Int32Array.from({ length: batch }, (_, row) => row);
    const all = own ? null : this.#targetVectors(tensor(inputs, [steps, batch], { dtype: "int32" }));
    const hiddens: Tensor[] = [];
    let state = start;
    for (let t = 0; t < steps; t++) {
      let vectors: Tensor;
      if (all) vectors = reshape(slice(all, { start: t, end: t + 1 }), [batch, all.shape[2]]);
      else {
        const tokens = inputs.slice(t * batch, (t + 1) * batch);
        const replaced = rows.filter((row) => t > 0 && own!(row, t));
        if (replaced.length > 0) {
          const written = this.#written(hiddens[t - 1]);
          for (const row of replaced) tokens[row] = written[row];
        }
        vectors = this.#targetVectors(tensor(tokens, [batch], { dtype: "int32" }));
      }
      const next = this.#advance(vectors, state, memory);
      hiddens.push(next.hidden);
      state = next.state;
    }
    return concat(hiddens);
  }

  #advance(
    vectors: Tensor,
    state: DecoderState,
    memory: AttentionMemory,
    owners?: Tensor,
  ): { hidden: Tensor; weights: Tensor; state: DecoderState } {
    const x = state.fed ? concat([vectors, state.fed], 1) : vectors;
    const { output, state: rnn } = this.decoder.step(x, state.rnn);
    const { context, weights } = this.attention.step(output, memory, owners);
    const hidden = this.#attentional(context, output);
    return { hidden, weights, state: { rnn, fed: state.fed && hidden } };
  }

  #attentional(context: Tensor, output: Tensor): Tensor {
    return this.#outputDropout.forward(tanh(this.combine.forward(concat([context, output], -1))));
  }

  #targetVectors(ids: Tensor): Tensor {
    return this.#targetDropout.forward(this.target.forward(ids));
  }

  /** The likeliest token of each row. Nothing goes back through a choice. */
  #written(hidden: Tensor): Int32Array {
    return likeliestOfRows(noGrad(() => this.output.forward(hidden)).dataSync(), this.boundary + 1);
  }
}

/** The state of chosen rows, any of them several times; row n of the result is row index[n]. Not for the way back. */
export function chooseRows(state: DecoderState, index: readonly number[]): DecoderState {
  const rows = index.length;
  const chosen = (part: Tensor): Tensor => {
    const [layers, before, hidden] = part.shape as [number, number, number];
    const places = Int32Array.from(
      { length: layers * rows },
      (_, i) => Math.floor(i / rows) * before + index[i % rows],
    );
    const taken = embedding(
      reshape(part, [layers * before, hidden]),
      tensor(places, [layers * rows], { dtype: "int32" }),
    );
    return reshape(taken, [layers, rows, hidden]);
  };
  const rnn: RecurrentState = { h: chosen(state.rnn.h) };
  if (state.rnn.c) rnn.c = chosen(state.rnn.c);
  const fed = state.fed && embedding(state.fed, tensor(Int32Array.from(index), [rows], { dtype: "int32" }));
  return { rnn, fed };
}

/** @throws HiddenstateError `unsupported` for options of cells that encoder and decoder can't have, `mismatch` for widths that can't be tied */
function refuseForTranslation({
  projection,
  learnedState,
  variational,
  inputFeeding,
  tied,
  embedding: width,
  hidden,
}: Required<TranslatorArchitecture>): void {
  const refuse = (option: string, reason: string): never => {
    throw new HiddenstateError(
      "unsupported",
      `new SequenceTranslator: unsupported ${option}: ${reason}; leave ${option.split(" ")[0]} out`,
    );
  };
  if (projection) refuse("projection", "what the attention compares is as wide as the decoder's state");
  if (learnedState) refuse("learnedState", "the decoder starts from what the encoder has read");
  if (variational && inputFeeding)
    refuse("variational with inputFeeding", "step follows step then, and it wants one mask for all steps of a text");
  if (!tied || width === hidden) return;
  throw new HiddenstateError(
    "mismatch",
    `new SequenceTranslator: mismatch in embedding: got ${width}, expected ${hidden}, as hidden is: tied, the tokens' vectors are the output ` +
      "layer's weights; leave embedding out",
  );
}
