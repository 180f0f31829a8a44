import { add, mul } from "../../autograd/ops/binary.ts";
import type { Tensor } from "../../memory/tensor.ts";
import { Module, type ModuleOptions } from "../../nn/module.ts";
import { type ForecasterArchitecture, ForecasterNetwork, type ForecasterSizes } from "./forecaster.ts";

/** One network, or several of other beginnings, each of which kept another part of the training data back; forecasts are their mean. */
export class ForecasterEnsemble extends Module {
  readonly members: readonly ForecasterNetwork[];

  constructor(options: Required<ForecasterArchitecture> & ForecasterSizes & ModuleOptions & { members: number }) {
    super("forecaster", options.name);
    const { members, ...network } = options;
    this.members = Array.from({ length: members }, (_, i) =>
      this.part(`member${i}`, new ForecasterNetwork({ ...network, name: `${this.name}.member${i}` })),
    );
  }
}

/** The mean of tensors of one shape. */
export function meanOfTensors(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return tensors[0];
  return mul(
    1 / tensors.length,
    tensors.reduce((sum, each) => add(sum, each)),
  );
}
