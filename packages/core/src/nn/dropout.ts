import { dropout } from "../autograd/ops/dropout.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { randomKey } from "../memory/random.ts";
import type { Tensor } from "../memory/tensor.ts";
import { resolveOptions } from "../options.ts";
import { Module, type ModuleOptions } from "./module.ts";

export interface DropoutOptions extends ModuleOptions {
  /** Share of the values dropped while training, 0 up to 1. */
  rate: number;
}

/**
 * While training, sets a random share of the values to 0 and divides the others by 1 - rate; else gives x back
 * (Srivastava et al. 2014).
 *
 * @example
 * const y = new Dropout({ rate: 0.3 }).forward(x);
 */
export class Dropout extends Module {
  readonly rate: number;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: DropoutOptions) {
    const { rate, name } = resolveOptions("new Dropout", options, {
      rate: { type: "number", min: 0, below: 1 },
      name: { type: "string", optional: true },
    });
    super("dropout", name);
    this.rate = rate;
  }

  /** @param x [T, B, F], or [rows, F] */
  forward(x: Tensor): Tensor {
    if (!this.training || this.rate === 0) return x;
    if (x.shape.length < 2) {
      throw new HiddenstateError(
        "invalid",
        `dropout.forward: invalid shape of x: got ${shown(x.shape)}, expected [T, B, F] or [rows, F]`,
      );
    }
    const key = randomKey(this.seed, "dropout", this.name, this.nextDraw("mask"));
    return dropout(x, this.rate, key, null, x.shape.at(-2)!);
  }
}
