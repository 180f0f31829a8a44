import { HiddenstateError, shown } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";
import { resolveOptions } from "../options.ts";
import { Optimizer, type Parameters, type Update } from "./optimizer.ts";
import { SegmentTable } from "./segment-table.ts";

export interface AdamOptions {
  /** Learning rate, above 0. Default 1e-3. */
  lr?: number;
  /** How much of the mean gradient and of the mean squared gradient is kept each step, each from 0 to below 1. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /**
   * Keeps the division finite, at least 1e-12: mean squares below 2^-100 are 0, and a smaller epsilon would divide by nearly nothing
   * there. Default 1e-8.
   */
  epsilon?: number;
  /** Default 0 for Adam, where it is L2 regularisation, and 0.01 for AdamW, where it is apart from the gradient. */
  weightDecay?: number;
}

/** What is remembered of one parameter. */
interface Moments {
  /** Updates made to this parameter: frozen or unused ones fall behind the others, as in PyTorch. */
  step: number;
  first: Tensor;
  second: Tensor;
}

/** What Adam and AdamW share: all but where weight decay acts. */
abstract class AdaptiveMoments extends Optimizer {
  protected readonly memory: Readonly<Record<string, "tensor" | "number">> = {
    step: "number",
    firstMoment: "tensor",
    secondMoment: "tensor",
  };
  readonly #decoupled: boolean;
  readonly #betas: readonly [number, number];
  readonly #epsilon: number;
  readonly #moments = new Map<Tensor, Moments>();
  readonly #table = new SegmentTable();

  constructor(
    kind: { name: string; decoupled: boolean; weightDecay: number },
    parameters: Parameters,
    options: AdamOptions,
  ) {
    const where = `new ${kind.name}`;
    const resolved = resolveOptions(where, options, {
      lr: { type: "number", above: 0, default: 1e-3 },
      betas: { type: "any", optional: true },
      epsilon: { type: "number", min: 1e-12, default: 1e-8 },
      weightDecay: { type: "number", min: 0, default: kind.weightDecay },
    });
    const betas = resolved.betas ?? [0.9, 0.999];
    checkBetas(where, betas);
    super(where, parameters, resolved);
    this.#decoupled = kind.decoupled;
    this.#betas = [betas[0], betas[1]];
    this.#epsilon = resolved.epsilon;
  }

  protected update(updates: readonly Update[]): void {
    const [beta1, beta2] = this.#betas;
    const segments: number[] = [];
    const rates: number[] = [];
    for (const { parameter, gradient, learningRate, weightDecay } of updates) {
      const moments = this.#momentsOf(parameter);
      moments.step++;
      segments.push(parameter.offset, gradient.offset, moments.first.offset, moments.second.offset, parameter.size);
      rates.push(learningRate, weightDecay, 1 - beta1 ** moments.step, 1 - beta2 ** moments.step);
    }
    runtime().kernelSet.kernels.adam({
      ...this.#table.write(segments, rates),
      segmentCount: updates.length,
      decoupled: this.#decoupled ? 1 : 0,
      beta1,
      beta2,
      epsilon: this.#epsilon,
    });
  }

  #momentsOf(parameter: Tensor): Moments {
    let moments = this.#moments.get(parameter);
    if (!moments) {
      moments = { step: 0, first: zeros(parameter.shape).persist(), second: zeros(parameter.shape).persist() };
      this.#moments.set(parameter, moments);
    }
    return moments;
  }

  protected *remembered(parameter: Tensor): Iterable<[string, Tensor | number]> {
    const moments = this.#moments.get(parameter);
    if (!moments) return;
    yield ["step", moments.step];
    yield ["firstMoment", moments.first];
    yield ["secondMoment", moments.second];
  }

  protected remember(parameter: Tensor, values: ReadonlyMap<string, Tensor | number>): void {
    if (values.size === 0) {
      this.#moments.delete(parameter);
      return;
    }
    const moments = this.#momentsOf(parameter);
    moments.step = values.get("step") as number;
    moments.first.assign((values.get("firstMoment") as Tensor).exactDataSync());
    moments.second.assign((values.get("secondMoment") as Tensor).exactDataSync());
  }
}

/**
 * Adam: steps scaled by running means of the gradient and of its square.
 *
 * For a parameter p with gradient g at its t-th update: `g += weightDecay * p`; `m = beta1 m + (1 - beta1) g`;
 * `v = beta2 v + (1 - beta2) g²`; `p -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`.
 *
 * @throws HiddenstateError `invalid`, `unknown` or `missing` for options or parameters that are wrong
 *
 * Source: Kingma & Ba 2015, "Adam: a method for stochastic optimization", algorithm 1.
 *
 * @example
 * const adam = new Adam(model.parameters(), { lr: 1e-3 });
 * adam.zeroGrad();
 * loss.backward();
 * clipGradNorm(model.parameters(), 1.0);
 * adam.step();
 */
export class Adam extends AdaptiveMoments {
  constructor(parameters: Parameters, options: AdamOptions = {}) {
    super({ name: "Adam", decoupled: false, weightDecay: 0 }, parameters, options);
  }
}

/**
 * Adam with weight decay apart from the gradient: before the step of Adam, `p *= 1 - lr * weightDecay`.
 *
 * @throws HiddenstateError `invalid`, `unknown` or `missing` for options or parameters that are wrong
 *
 * Source: Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 2; PyTorch's `torch.optim.AdamW`.
 *
 * @example
 * const optimizer = new AdamW([{ parameters: weights }, { parameters: biases, weightDecay: 0 }], { lr: 1e-3 });
 */
export class AdamW extends AdaptiveMoments {
  constructor(parameters: Parameters, options: AdamOptions = {}) {
    super({ name: "AdamW", decoupled: true, weightDecay: 0.01 }, parameters, options);
  }
}

function checkBetas(where: string, betas: unknown): void {
  const valid =
    Array.isArray(betas) &&
    betas.length === 2 &&
    betas.every((beta) => typeof beta === "number" && beta >= 0 && beta < 1);
  if (!valid) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid betas: got ${shown(betas)}, expected two numbers from 0 to below 1`,
    );
  }
}
