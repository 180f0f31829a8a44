import { add } from "../../autograd/ops/binary.ts";
import { concat } from "../../autograd/ops/concat.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import { tanh } from "../../autograd/ops/unary.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { type CellChoice, cellChoice, type CellKind, cellRules, recurrentKinds } from "../../nn/cell-choice.ts";
import { Dropout } from "../../nn/dropout.ts";
import { Embedding } from "../../nn/embedding.ts";
import { Linear } from "../../nn/linear.ts";
import { Module, type ModuleOptions } from "../../nn/module.ts";
import type { RecurrentState } from "../../nn/recurrent-options.ts";
import type { RecurrentNetwork } from "../../nn/recurrent.ts";
import { recurrentNetwork } from "../../nn/recurrent-network.ts";
import { type OptionRules } from "../../options.ts";

/** The architecture of a forecaster. */
export interface ForecasterArchitecture extends CellChoice {
  /** Default `"gru"`. */
  cell?: CellKind;
  /** Width of the hidden state. Default 32. */
  hidden?: number;
  /** Recurrent layers. Default 1. */
  layers?: number;
  /** Share of the values dropped between recurrent layers and before the last layer while training. Default 0.1. */
  dropout?: number;
}

/** The rules behind `ForecasterArchitecture`. */
export const forecasterRules: OptionRules<ForecasterArchitecture> = {
  ...cellRules("gru", recurrentKinds),
  hidden: { type: "integer", min: 1, default: 32 },
  layers: { type: "integer", min: 1, default: 1 },
  dropout: { type: "number", min: 0, below: 1, default: 0.1 },
};

/** Sizes that follow from the data and the head. */
export interface ForecasterSizes {
  /** Numbers for each step. */
  inputs: number;
  /** How many values each category has. */
  categories: readonly number[];
  /** P: numbers that the head reads for each forecast. */
  outputs: number;
  /** K: steps forecast at once; 1: one step, from which longer forecasts go on. */
  steps: number;
  /** Numbers known of each of the K steps; read only where K > 1. */
  future: number;
}

type Options = Required<ForecasterArchitecture> & ForecasterSizes & ModuleOptions;

/** What the network has read. */
export interface Reading {
  /** [T, B, H + I]: the hidden state beside the inputs. */
  features: Tensor;
  state: RecurrentState;
}

/**
 * A recurrent forecaster: what a series does next, given a window of its past.
 *
 *     h_t = recurrent layers(x_t, h_{t-1});   raw = W [h_t; x_t] + b
 *
 * The inputs stand beside the hidden state, so that a linear autoregression is part of the network (Lai et al. 2018, "LSTNet"). Where K
 * steps are forecast at once, each is decoded from a vector for this step and from what is known of it (Wen et al. 2017, "A
 * multi-horizon quantile recurrent forecaster").
 */
export class ForecasterNetwork extends Module {
  readonly rnn: RecurrentNetwork<RecurrentState>;
  readonly output: Linear;
  readonly #embeddings: Embedding[];
  readonly #dropout: Dropout;
  readonly #decoder: { context: Linear; hidden: Linear; direct: Linear } | null;
  readonly #sizes: Options;

  constructor(options: Options) {
    super("forecaster", options.name);
    this.#sizes = options;
    const { hidden, layers, dropout, inputs, categories, outputs, steps, future } = options;
    this.#embeddings = categories.map((count, i) => {
      const name = `category${i}`;
      const embeddingSize = Math.min(16, Math.ceil(Math.sqrt(count)) + 1);
      return this.part(name, new Embedding({ vocabularySize: count, embeddingSize, name: `${this.name}.${name}` }));
    });
    const inputSize = inputs + this.#embeddings.reduce((sum, { options: { embeddingSize } }) => sum + embeddingSize, 0);
    const network = { ...cellChoice(options), inputSize, hiddenSize: hidden, layers, dropout };
    this.rnn = this.part("rnn", recurrentNetwork({ ...network, name: `${this.name}.rnn` }));
    this.#dropout = this.part("dropout", new Dropout({ rate: dropout, name: `${this.name}.dropout` }));
    const linear = (name: string, from: number, to: number): Linear =>
      this.part(name, new Linear({ inputSize: from, outputSize: to, name: `${this.name}.${name}` }));
    const features = this.rnn.outputSize + inputSize;
    if (steps === 1) {
      this.#decoder = null;
      this.output = linear("output", features, outputs);
    } else {
      this.#decoder = {
        context: linear("context", features, steps * hidden),
        hidden: linear("decoder", hidden + future, hidden),
        direct: linear("direct", features, steps * outputs),
      };
      this.output = linear("output", hidden + future, outputs);
    }
  }

  /**
   * Reads a window.
   *
   * @param inputs [T, B, I]
   * @param categories for each category int32 [T, B]
   */
  read(inputs: Tensor, categories: readonly Tensor[], state?: RecurrentState): Reading {
    const embedded = categories.map((ids, i) => this.#embeddings[i].forward(ids));
    const x = embedded.length > 0 ? concat([inputs, ...embedded], 2) : inputs;
    const { output, state: after } = this.rnn.forward(x, { state });
    return { features: concat([this.#dropout.forward(output), x], 2), state: after };
  }

  /**
   * What the head reads.
   *
   * @param features [N, H + I]
   * @param future [N * K, F], the K steps of a row one after another; null where K = 1
   * @returns [N * K, P]
   */
  decode(features: Tensor, future: Tensor | null): Tensor {
    if (!this.#decoder) return this.output.forward(features);
    const { steps, hidden, outputs } = this.#sizes;
    const rows = features.shape[0] * steps;
    const { context, hidden: local, direct } = this.#decoder;
    const each = reshape(tanh(context.forward(features)), [rows, hidden]);
    const decoded = tanh(local.forward(concat([each, future!], 1)));
    const nonlinear = this.output.forward(concat([decoded, future!], 1));
    return add(nonlinear, reshape(direct.forward(features), [rows, outputs]));
  }

  /**
   * Sets the linear part: the weights from the inputs to one of the P numbers, and all biases, for each of the K steps. What comes from the
   * recurrent part starts at zero.
   *
   * @param weights for each step one for each input (those of the categories' vectors are 0)
   * @param biases for each step P numbers
   * @param place which of the P numbers
   */
  startFrom(weights: readonly ArrayLike<number>[], biases: readonly ArrayLike<number>[], place: number): void {
    const { outputs } = this.#sizes;
    const { outputSize } = this.rnn;
    const { weight, bias } = this.#decoder?.direct ?? this.output;
    const width = weight.shape[1];
    const values = new Float32Array(weight.size);
    weights.forEach((row, k) => values.set(Float32Array.from(row), (k * outputs + place) * width + outputSize));
    weight.assign(values);
    bias!.assign(biases.flatMap((each) => Array.from(each)));
    if (this.#decoder) this.output.weight.assign(new Float32Array(this.output.weight.size));
  }
}
