import { layerNorm } from "../autograd/ops/layer-norm.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { full, type Tensor, zeros } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { Module, type ModuleOptions } from "./module.ts";

export interface LayerNormOptions extends ModuleOptions {
  /** Length F of the last axis, over which each row is normalised. */
  size: number;
  /** Added to the variance, so that a constant row is no division by 0. Default 1e-5. */
  epsilon?: number;
  /** Whether there is a shift beside the gain. Default true. */
  bias?: boolean;
}

const rules: OptionRules<LayerNormOptions> = {
  size: { type: "integer", min: 1 },
  epsilon: { type: "number", above: 0, default: 1e-5 },
  bias: { type: "boolean", default: true },
  name: { type: "string", optional: true },
};

/**
 * Layer normalisation (Ba, Kiros & Hinton 2016): y = weight * (x - mean) / sqrt(variance + epsilon) + bias, for x and y [.., size],
 * mean and variance over the last axis. Parameters, as in PyTorch: `weight` [size], which starts at 1, and `bias` [size], at 0.
 *
 * @example
 * const y = new LayerNorm({ size: 256 }).forward(output);
 */
export class LayerNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly options: Required<LayerNormOptions>;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: LayerNormOptions) {
    const resolved = resolveOptions("new LayerNorm", options, rules);
    super("layer_norm", resolved.name);
    this.options = resolved;
    this.weight = this.parameter("weight", full([resolved.size], 1));
    this.bias = resolved.bias ? this.parameter("bias", zeros([resolved.size])) : null;
  }

  /**
   * @param x [.., size]
   * @throws HiddenstateError `mismatch` if the last axis has another length
   */
  forward(x: Tensor): Tensor {
    const { size, epsilon } = this.options;
    if (x.shape.at(-1) !== size) {
      throw new HiddenstateError(
        "mismatch",
        `layerNorm.forward: mismatch in x: got ${shown(x.shape)}, expected [.., ${size}] (size ${size})`,
      );
    }
    return layerNorm(x, this.weight, this.bias, epsilon);
  }
}
