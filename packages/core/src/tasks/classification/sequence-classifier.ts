import { HiddenstateError, shown } from "../../errors.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { type CellChoice, cellChoice, type CellKind, cellRules } from "../../nn/cell-choice.ts";
import { AttentionPooling } from "../../nn/attention-pooling.ts";
import { Dropout } from "../../nn/dropout.ts";
import { Embedding } from "../../nn/embedding.ts";
import { Linear } from "../../nn/linear.ts";
import { Module, type ModuleOptions } from "../../nn/module.ts";
import { lastState, maxOverTime, meanOverTime } from "../../nn/pooling.ts";
import { networkPart, sequenceNetwork, type SequenceNetwork } from "../../nn/recurrent-network.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";

/** The architecture of a sequence classifier. */
export interface ClassifierArchitecture extends CellChoice {
  /** Default `"lstm"`. */
  cell?: CellKind;
  /** Width of the hidden state of each direction. Default 128. */
  hidden?: number;
  /** Text only: width of each token's vector. Default: `hidden`. */
  embedding?: number;
  /** Recurrent layers. Default 2. */
  layers?: number;
  /** Share of the values dropped while training. Default 0.3. */
  dropout?: number;
  /** Reads each sequence in both directions; a Transformer's steps then see all of the sequence. Default true. */
  bidirectional?: boolean;
  /**
   * How all time steps become one vector: the last state of each direction, the mean, the largest value of each feature, or a mean with
   * learned weights. Default `"max"`.
   */
  pooling?: "last" | "mean" | "max" | "attention";
}

/** The rules behind `ClassifierArchitecture`. */
export const classifierArchitectureRules: OptionRules<ClassifierArchitecture> = {
  ...cellRules("lstm"),
  hidden: { type: "integer", min: 1, default: 128 },
  embedding: { type: "integer", min: 1, optional: true },
  layers: { type: "integer", min: 1, default: 2 },
  dropout: { type: "number", min: 0, below: 1, default: 0.3 },
  bidirectional: { type: "boolean", default: true },
  pooling: { type: "choice", choices: ["last", "mean", "max", "attention"], default: "max" },
};

export interface SequenceClassifierOptions extends ClassifierArchitecture, ModuleOptions {
  /** For token ids: how many different ones there are. Give this or `inputSize`. */
  vocabularySize?: number;
  /** For rows of numbers: how many numbers a row has. */
  inputSize?: number;
  /** How many numbers come out: one for each class, or 1. */
  outputSize: number;
}

/**
 * One vector for a whole sequence, and from it a score for each class, or a number (many to one).
 *
 *     x_t = E[token_t], or a row of numbers;  h = layers(x);  y = W pool(h over the sequence's own steps) + b
 *
 * While training, values of x (of tokens), between layers and of the pooled vector are dropped.
 *
 * Parameters: `embedding.weight` [V, E] (tokens only), `rnn.*` as in RNN, LSTM or GRU (or `transformer.*` as in Transformer), `pooling.*` as in AttentionPooling (attention only),
 * `output.weight` [O, D*H], `output.bias` [O].
 *
 * @example
 * const model = new SequenceClassifier({ vocabularySize: 60, outputSize: 18, hidden: 128 });
 * const logits = model.forward(ids, lengths);   // ids int32 [T, B] -> [B, 18]
 */
export class SequenceClassifier extends Module {
  readonly options: Required<SequenceClassifierOptions>;
  readonly embedding: Embedding | null;
  /** What reads the sequence: a recurrent network or a Transformer. */
  readonly network: SequenceNetwork;
  readonly attention: AttentionPooling | null;
  readonly output: Linear;
  readonly #inputDropout: Dropout;
  readonly #pooledDropout: Dropout;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: SequenceClassifierOptions) {
    const resolved = resolveOptions<SequenceClassifierOptions>("new SequenceClassifier", options, {
      ...classifierArchitectureRules,
      vocabularySize: { type: "integer", min: 1, optional: true },
      inputSize: { type: "integer", min: 1, optional: true },
      outputSize: { type: "integer", min: 1 },
      name: { type: "string", optional: true },
    });
    super("sequenceClassifier", resolved.name);
    this.options = resolved;
    const { hidden, layers, dropout, bidirectional, pooling, outputSize } = resolved;
    const { vocabularySize, inputSize, embedding } = options;
    if ((vocabularySize === undefined) === (inputSize === undefined)) {
      throw new HiddenstateError(
        "invalid",
        `new SequenceClassifier: invalid input: got vocabularySize ${shown(vocabularySize)} and inputSize ${shown(inputSize)}, ` +
          "expected one of them: vocabularySize for token ids, inputSize for rows of numbers",
      );
    }
    const part = (name: string): string => `${this.name}.${name}`;
    const width = inputSize ?? embedding ?? hidden;
    this.embedding =
      vocabularySize === undefined
        ? null
        : this.part("embedding", new Embedding({ vocabularySize, embeddingSize: width, name: part("embedding") }));
    this.#inputDropout = this.part("inputDropout", new Dropout({ rate: dropout, name: part("inputDropout") }));
    const network = networkPart(resolved.cell);
    const sizes = { inputSize: width, hiddenSize: hidden, layers, dropout, bidirectional, name: part(network) };
    this.network = this.part(network, sequenceNetwork({ ...sizes, ...cellChoice(resolved) }));
    const pooled = this.network.outputSize;
    this.attention =
      pooling === "attention"
        ? this.part("pooling", new AttentionPooling({ inputSize: pooled, name: part("pooling") }))
        : null;
    this.#pooledDropout = this.part("pooledDropout", new Dropout({ rate: dropout, name: part("pooledDropout") }));
    this.output = this.part("output", new Linear({ inputSize: pooled, outputSize, name: part("output") }));
  }

  /**
   * @param x token ids int32 [T, B] (negative ones are unknown), or rows of numbers [T, B, I]
   * @param lengths valid steps of each sequence; default: all. What lies beyond changes nothing.
   * @returns [B, O]
   * @throws HiddenstateError `mismatch` or `invalid` for shapes and lengths that do not fit
   */
  forward(x: Tensor, lengths?: readonly number[]): Tensor {
    const rows = this.embedding ? this.#inputDropout.forward(this.embedding.forward(x)) : x;
    const { output } = this.network.forward(rows, { lengths });
    return this.output.forward(this.#pooledDropout.forward(this.#pool(output, lengths)));
  }

  #pool(output: Tensor, lengths: readonly number[] | undefined): Tensor {
    switch (this.options.pooling) {
      case "last":
        return lastState(output, lengths, this.network.directions);
      case "mean":
        return meanOverTime(output, lengths);
      case "max":
        return maxOverTime(output, lengths);
      case "attention":
        return this.attention!.forward(output, lengths);
    }
  }
}
