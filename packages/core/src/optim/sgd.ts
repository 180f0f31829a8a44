import { HiddenstateError } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";
import { resolveOptions } from "../options.ts";
import { Optimizer, type Parameters, type Update } from "./optimizer.ts";
import { SegmentTable } from "./segment-table.ts";

export interface SGDOptions {
  /** Learning rate, above 0. */
  lr: number;
  /** How much of the last direction is kept, from 0 to below 1. Default 0. */
  momentum?: number;
  /** Nesterov's variant, which looks one step ahead; needs momentum. Default false. */
  nesterov?: boolean;
  /** Strength of L2 regularisation, at least 0. Default 0. */
  weightDecay?: number;
}

/**
 * Stochastic gradient descent, with momentum as PyTorch writes it.
 *
 * For a parameter p with gradient g: `g += weightDecay * p`; with momentum, a velocity b that starts at zero takes
 * `b = momentum * b + g`, and g becomes b, or `g + momentum * b` with Nesterov; then `p -= lr * g`.
 *
 * @throws HiddenstateError `invalid`, `unknown` or `missing` for options or parameters that are wrong
 *
 * Source: Sutskever, Martens, Dahl & Hinton 2013, "On the importance of initialization and momentum in deep learning"; PyTorch's
 * `torch.optim.SGD`.
 *
 * @example
 * const sgd = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * sgd.zeroGrad();
 * loss.backward();
 * sgd.step();
 */
export class SGD extends Optimizer {
  protected readonly memory: Readonly<Record<string, "tensor" | "number">> = { momentum: "tensor" };
  readonly #momentum: number;
  readonly #nesterov: boolean;
  readonly #velocities = new Map<Tensor, Tensor>();
  readonly #table = new SegmentTable();

  constructor(parameters: Parameters, options: SGDOptions) {
    const resolved = resolveOptions("new SGD", options, {
      lr: { type: "number", above: 0 },
      momentum: { type: "number", min: 0, below: 1, default: 0 },
      nesterov: { type: "boolean", default: false },
      weightDecay: { type: "number", min: 0, default: 0 },
    });
    if (resolved.nesterov && resolved.momentum === 0) {
      throw new HiddenstateError(
        "invalid",
        "new SGD: invalid nesterov: got true with momentum 0, expected a momentum above 0",
      );
    }
    super("new SGD", parameters, resolved);
    this.#momentum = resolved.momentum;
    this.#nesterov = resolved.nesterov;
  }

  protected update(updates: readonly Update[]): void {
    const segments = updates.flatMap(({ parameter, gradient }) => [
      parameter.offset,
      gradient.offset,
      this.#momentum > 0 ? this.#velocity(parameter).offset : 0,
      parameter.size,
    ]);
    const rates = updates.flatMap(({ learningRate, weightDecay }) => [learningRate, weightDecay]);
    runtime().kernelSet.kernels.sgd({
      ...this.#table.write(segments, rates),
      segmentCount: updates.length,
      nesterov: this.#nesterov ? 1 : 0,
      momentum: this.#momentum,
    });
  }

  #velocity(parameter: Tensor): Tensor {
    let velocity = this.#velocities.get(parameter);
    if (!velocity) {
      velocity = zeros(parameter.shape).persist();
      this.#velocities.set(parameter, velocity);
    }
    return velocity;
  }

  protected *remembered(parameter: Tensor): Iterable<[string, Tensor | number]> {
    const velocity = this.#velocities.get(parameter);
    if (velocity) yield ["momentum", velocity];
  }

  protected remember(parameter: Tensor, values: ReadonlyMap<string, Tensor | number>): void {
    const given = values.get("momentum") as Tensor | undefined;
    if (given) this.#velocity(parameter).assign(given.exactDataSync());
    else this.#velocities.delete(parameter);
  }
}
