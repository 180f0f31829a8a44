import { type CellChoice, cellChoice, type CellKind, cellRules } from "../../nn/cell-choice.ts";
import { Embedding } from "../../nn/embedding.ts";
import { Linear } from "../../nn/linear.ts";
import { Module, type ModuleOptions } from "../../nn/module.ts";
import { TiedLinear } from "../../nn/tied-linear.ts";
import type { RecurrentState } from "../../nn/recurrent-options.ts";
import { RecurrentNetwork } from "../../nn/recurrent.ts";
import { networkPart, sequenceNetwork, type SequenceNetwork } from "../../nn/recurrent-network.ts";
import { Transformer } from "../../nn/transformer.ts";
import { HiddenstateError } from "../../errors.ts";
import { type Tensor } from "../../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import { LanguageStep } from "../../stream/language-step.ts";
import { RecurrentStream, type StreamOptions, streamRules } from "../../stream/recurrent-stream.ts";
import type { Step } from "../../stream/step.ts";
import { type PoolOptions, poolRules, StreamPool } from "../../stream/stream-pool.ts";
import type { SequencePool, SequenceStream } from "../../stream/sequence-stream.ts";
import { FloatEnds, Int8Ends, type TokenWeights } from "../../stream/token-ends.ts";
import { TransformerPool, TransformerStream } from "../../stream/transformer-stream.ts";

/** The architecture of a language model. */
export interface LanguageModelArchitecture extends CellChoice {
  /** The output layer's weights are the tokens' vectors (Press & Wolf 2017). Default false. */
  tied?: boolean;
  /** Default `"lstm"`. */
  cell?: CellKind;
  /** Width of the hidden state. Default 256. */
  hidden?: number;
  /** Width of each token's vector. Default: `hidden`, or the width of the recurrent layers' output where that is tied. */
  embedding?: number;
  /** Recurrent layers. Default 2. */
  layers?: number;
  /** Share of the values dropped between recurrent layers while training. Default 0.3. */
  dropout?: number;
}

/** The rules behind `LanguageModelArchitecture`. */
export const architectureRules: OptionRules<LanguageModelArchitecture> = {
  ...cellRules("lstm"),
  tied: { type: "boolean", default: false },
  hidden: { type: "integer", min: 1, default: 256 },
  embedding: { type: "integer", min: 1, optional: true },
  layers: { type: "integer", min: 1, default: 2 },
  dropout: { type: "number", min: 0, below: 1, default: 0.3 },
};

/** @throws HiddenstateError `unsupported` for a bidirectional language model, which other models may be */
export function refuseBothWays(where: string, options: object): void {
  if (!("bidirectional" in options) || !options.bidirectional) return;
  throw new HiddenstateError(
    "unsupported",
    `${where}: unsupported bidirectional for a language model: it writes what comes next, and the reverse direction starts at the end, ` +
      "which is not written yet; leave bidirectional out",
  );
}

/** Width of the tokens' vectors where none is asked for. */
export function defaultEmbedding({
  hidden,
  projection,
  tied,
}: Required<Pick<LanguageModelArchitecture, "hidden" | "projection" | "tied">>): number {
  return tied && projection > 0 ? projection : hidden;
}

export interface LanguageModelOptions extends LanguageModelArchitecture, ModuleOptions {
  /** How many different tokens there are: V. */
  vocabularySize: number;
}

/**
 * A language model, recurrent or a causal Transformer: which token comes next, given all before (Mikolov et al. 2010; Graves 2013).
 *
 *     x_t = E[token_t];  h_t = recurrent layers(x_t, h_{t-1});  logits_t = W h_t + b;  p(token_{t+1}) = softmax(logits_t)
 *
 * Parameters: `embedding.weight` [V, E], `rnn.*` as in RNN, LSTM or GRU (or `transformer.*` as in Transformer), `output.weight` [V, H] (tied: none), `output.bias` [V].
 *
 * @example
 * const model = new LanguageModel({ vocabularySize: 65, cell: "gru", hidden: 128 });
 * const { logits, state } = model.forward(ids);   // ids int32 [T, B] -> logits [T, B, 65]
 */
export class LanguageModel extends Module {
  readonly options: Required<LanguageModelOptions>;
  readonly embedding: Embedding;
  /** What reads the tokens: a recurrent network or a causal Transformer. */
  readonly network: SequenceNetwork;
  readonly output: Linear | TiedLinear;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: LanguageModelOptions) {
    refuseBothWays("new LanguageModel", options);
    const resolved = resolveOptions<LanguageModelOptions>("new LanguageModel", options, {
      ...architectureRules,
      vocabularySize: { type: "integer", min: 1 },
      name: { type: "string", optional: true },
    });
    super("languageModel", resolved.name);
    this.options = resolved;
    const { vocabularySize, hidden, layers, dropout } = resolved;
    const { tied } = resolved;
    const embeddingSize = resolved.embedding ?? defaultEmbedding(resolved);
    // What is also compared with starts small: else the first logits would be as large as the vectors are long.
    const vectors = { vocabularySize, embeddingSize, ...(tied && { deviation: 0.1 }) };
    this.embedding = this.part("embedding", new Embedding({ ...vectors, name: `${this.name}.embedding` }));
    const part = networkPart(resolved.cell);
    const sizes = { inputSize: embeddingSize, hiddenSize: hidden, layers, dropout, name: `${this.name}.${part}` };
    this.network = this.part(part, sequenceNetwork({ ...sizes, ...cellChoice(resolved) }));
    const { outputSize } = this.network;
    if (tied && embeddingSize !== outputSize) {
      throw new HiddenstateError(
        "mismatch",
        `new LanguageModel: mismatch in embedding: got ${embeddingSize}, expected ${outputSize}, the width of the network's output: ` +
          "tied, the tokens' vectors are the output layer's weights; leave embedding out",
      );
    }
    const name = `${this.name}.output`;
    this.output = tied
      ? this.part("output", new TiedLinear(this.embedding.weight, name))
      : this.part("output", new Linear({ inputSize: outputSize, outputSize: vocabularySize, name }));
  }

  /**
   * The recurrent layers.
   * @throws HiddenstateError `unsupported` where the cell is a Transformer
   */
  get rnn(): RecurrentNetwork<RecurrentState> {
    if (this.network instanceof RecurrentNetwork) return this.network;
    throw new HiddenstateError(
      "unsupported",
      "languageModel.rnn: unsupported for cell transformer, which has no recurrent layers; use a model with cell rnn, lstm or gru",
    );
  }

  /**
   * @param ids int32 [T, B], each 0 to V - 1
   * @param options `recompute`: as for the recurrent layers' `forward`, less memory for long sequences
   * @returns logits [T, B, V] and the state after the last step
   */
  forward(
    ids: Tensor,
    state?: RecurrentState,
    { recompute }: { recompute?: boolean } = {},
  ): { logits: Tensor; state: RecurrentState } {
    const result = this.network.forward(this.embedding.forward(ids), { state, recompute });
    return { logits: this.output.forward(result.output), state: result.state };
  }

  /**
   * One time step, bit for bit as in `forward`.
   * @param ids int32 [B]
   * @returns logits [B, V] and the state after
   */
  step(ids: Tensor, state?: RecurrentState): { logits: Tensor; state: RecurrentState } {
    const result = this.network.step(this.embedding.forward(ids), state);
    return { logits: this.output.forward(result.output), state: result.state };
  }

  /**
   * One text (or a few side by side) token by token: `push` takes ids [B] and gives logits [B, V], bit for bit as in `forward`.
   * Allocates nothing after its first step.
   * @throws HiddenstateError `unknown` or `invalid` for options that are none
   */
  stream(options: StreamOptions = {}): SequenceStream {
    const where = "languageModel.stream";
    const { rows, weights } = resolveOptions(where, options, streamRules);
    const { network } = this;
    if (network instanceof Transformer)
      return new TransformerStream(where, network.streamStep(where, weights), new FloatEnds(this.#ends), rows);
    return new RecurrentStream(where, this.#streamStep(where, weights), rows);
  }

  /**
   * Many independent texts, any of which advance together in one batched step: `push` takes one id for each, and gives logits [n, V].
   * @throws HiddenstateError `unknown` or `invalid` for options that are none
   */
  pool(options: PoolOptions = {}): SequencePool {
    const where = "languageModel.pool";
    const { capacity, weights } = resolveOptions(where, options, poolRules);
    const { network } = this;
    if (network instanceof Transformer)
      return new TransformerPool(where, network.streamStep(where, weights), new FloatEnds(this.#ends), capacity);
    return new StreamPool(where, this.#streamStep(where, weights), capacity);
  }

  get #ends(): TokenWeights {
    return { embedding: this.embedding.weight, output: this.output.weight, outputBias: this.output.bias };
  }

  #streamStep(where: string, weights: "float32" | "int8"): Step {
    const tokenEnds = weights === "int8" ? new Int8Ends(this.#ends) : new FloatEnds(this.#ends);
    return new LanguageStep(where, this.rnn.layerStack(where, weights), tokenEnds);
  }
}
