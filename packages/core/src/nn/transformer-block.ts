import { selfAttention } from "../autograd/ops/attention.ts";
import { add } from "../autograd/ops/binary.ts";
import { dropout } from "../autograd/ops/dropout.ts";
import { linear } from "../autograd/ops/linear.ts";
import { gelu, relu } from "../autograd/ops/unary.ts";
import { randomKey } from "../memory/random.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";
import { xavierUniform } from "./init.ts";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import type { SequenceRows } from "./sequence-rows.ts";

/** Sizes and choices that all layers of a Transformer share. */
export interface BlockOptions {
  hiddenSize: number;
  feedForward: number;
  heads: number;
  dropout: number;
  activation: "gelu" | "relu";
  causal: boolean;
  positions: number;
}

/** The parameters of one layer, as a stream needs them. */
export interface BlockWeights {
  norm1: LayerNorm;
  inWeight: Tensor;
  inBias: Tensor;
  out: Linear;
  norm2: LayerNorm;
  up: Linear;
  down: Linear;
}

/** The projections of one layer's attention, by PyTorch's names: `in_proj_weight` [3H, H], `in_proj_bias` [3H], `out_proj.*`. */
class AttentionProjections extends Module {
  readonly inWeight: Tensor;
  readonly inBias: Tensor;
  readonly out: Linear;

  constructor(hiddenSize: number, name: string) {
    super("selfAttention", name);
    const key = { seed: this.seed, path: `${name}.in_proj_weight` };
    this.inWeight = this.parameter("in_proj_weight", xavierUniform([3 * hiddenSize, hiddenSize], 3, key));
    this.inBias = this.parameter("in_proj_bias", zeros([3 * hiddenSize]));
    const sizes = { inputSize: hiddenSize, outputSize: hiddenSize };
    this.out = this.part("out_proj", new Linear({ ...sizes, name: `${name}.out_proj` }));
  }
}

/**
 * One pre-norm layer of a Transformer (Vaswani et al. 2017; normalised before as in Xiong et al. 2020):
 *
 *     x = x + dropout(attention(norm1(x)));  x = x + dropout(linear2(f(linear1(norm2(x)))))
 *
 * Parameters carry the names of PyTorch's TransformerEncoderLayer.
 */
export class TransformerBlock extends Module {
  readonly options: BlockOptions;
  readonly weights: BlockWeights;

  constructor(options: BlockOptions, name: string) {
    super("transformerBlock", name);
    this.options = options;
    const { hiddenSize, feedForward } = options;
    const named = (part: string): string => `${name}.${part}`;
    const affine = (part: string, inputSize: number, outputSize: number): Linear =>
      this.part(part, new Linear({ inputSize, outputSize, name: named(part) }));
    const norm = (part: string): LayerNorm => this.part(part, new LayerNorm({ size: hiddenSize, name: named(part) }));
    const attention = this.part("self_attn", new AttentionProjections(hiddenSize, named("self_attn")));
    this.weights = {
      inWeight: attention.inWeight,
      inBias: attention.inBias,
      out: attention.out,
      up: affine("linear1", hiddenSize, feedForward),
      down: affine("linear2", feedForward, hiddenSize),
      norm1: norm("norm1"),
      norm2: norm("norm2"),
    };
  }

  /**
   * @param x [N, H]
   * @param past rows [k | v] of 2H before x's own, or null
   * @returns output [N, H], and `turned`, rows [q | k | v] of which [k | v] are the past of what comes
   */
  forward(x: Tensor, rows: SequenceRows, past: Tensor | null): { output: Tensor; turned: Tensor } {
    const { norm1, inWeight, inBias, out, norm2, up, down } = this.weights;
    const { hiddenSize, heads, causal, positions: context, activation } = this.options;
    const qkv = linear(norm1.forward(x), inWeight, inBias);
    const attended = selfAttention(qkv, rows, past, { heads, headSize: hiddenSize / heads, causal, context });
    const middle = add(x, this.#dropped("attention", out.forward(attended.output), rows));
    const wide = up.forward(norm2.forward(middle));
    const active = activation === "gelu" ? gelu(wide) : relu(wide);
    const output = add(middle, this.#dropped("feed_forward", down.forward(active), rows));
    return { output, turned: attended.turned };
  }

  #dropped(use: string, x: Tensor, { rowIds, batch }: SequenceRows): Tensor {
    const { dropout: rate } = this.options;
    if (!this.training || rate === 0) return x;
    return dropout(x, rate, randomKey(this.seed, "dropout", `${this.name}.${use}`, this.nextDraw(use)), rowIds, batch);
  }
}
