import { linear } from "../autograd/ops/linear.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";
import { Module } from "./module.ts";

/**
 * The way back out of an embedding: y = x E^T + b, with the embedding's own vectors E [V, E] as weights, so that a token's vector is both
 * what is read and what is compared with (Press & Wolf 2017; Inan et al. 2017). Parameter: `bias` [V]; E is the embedding's.
 *
 * @example
 * const logits = new TiedLinear(embedding.weight, "model.output").forward(output);   // [T, B, E] to [T, B, V]
 */
export class TiedLinear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;

  /** @param weight of the embedding, [V, E] */
  constructor(weight: Tensor, name: string) {
    super("tied_linear", name);
    this.weight = weight;
    this.bias = this.parameter("bias", zeros([weight.shape[0]]));
  }

  /** @param x [.., E] */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
