import { linear } from "../autograd/ops/linear.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { uniform, xavierUniform } from "./init.ts";
import { Module, type ModuleOptions } from "./module.ts";

export interface LinearOptions extends ModuleOptions {
  inputSize: number;
  outputSize: number;
  /** Default true. */
  bias?: boolean;
  /** `"default"`: Xavier, bias 0; `"pytorch"`: uniform in +-1/sqrt(inputSize). Default `"default"`. */
  init?: "default" | "pytorch";
}

const rules: OptionRules<LinearOptions> = {
  inputSize: { type: "integer", min: 1 },
  outputSize: { type: "integer", min: 1 },
  bias: { type: "boolean", default: true },
  init: { type: "choice", choices: ["default", "pytorch"], default: "default" },
  name: { type: "string", optional: true },
};

/**
 * y = x W^T + b, for x [.., inputSize] and y [.., outputSize]. Parameters: `weight` [outputSize, inputSize], `bias` [outputSize].
 *
 * @example
 * const logits = new Linear({ inputSize: 256, outputSize: 65 }).forward(output);
 */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly options: Required<LinearOptions>;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: LinearOptions) {
    const resolved = resolveOptions("new Linear", options, rules);
    super("linear", resolved.name);
    this.options = resolved;
    const { inputSize, outputSize, bias, init } = resolved;
    const bound = 1 / Math.sqrt(inputSize);
    const key = (name: string): { seed: number; path: string } => ({ seed: this.seed, path: `${this.name}.${name}` });
    const fromPytorch = init === "pytorch";
    const shape = [outputSize, inputSize] as const;
    const start = fromPytorch ? uniform(shape, bound, key("weight")) : xavierUniform(shape, 1, key("weight"));
    this.weight = this.parameter("weight", start);
    const startBias = (): Tensor => (fromPytorch ? uniform([outputSize], bound, key("bias")) : zeros([outputSize]));
    this.bias = bias ? this.parameter("bias", startBias()) : null;
  }

  /** @throws HiddenstateError `mismatch` if the last axis of x is not inputSize wide */
  forward(x: Tensor): Tensor {
    const { inputSize } = this.options;
    if (x.shape.at(-1) !== inputSize) {
      throw new HiddenstateError(
        "mismatch",
        `linear.forward: mismatch in x: got ${shown(x.shape)}, expected [.., ${inputSize}] (inputSize ${inputSize})`,
      );
    }
    return linear(x, this.weight, this.bias);
  }
}
