import { copyDense } from "../autograd/copy.ts";
import { HiddenstateError } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";

/**
 * A running mean of parameters over the steps of a training (Polyak & Juditsky 1992, with weights that fall off exponentially): it lies in the middle of
 * where the last steps went to and fro, and mostly does better on new data than any one of them.
 *
 *     mean = d mean + (1 - d) parameter,   d = min(decay, (1 + step) / (10 + step))
 *
 * so that the start is soon forgotten.
 *
 * @example
 * const average = new AveragedParameters(model.stateDict(), 0.999);
 * adam.step();
 * average.update(step);
 * average.exchange();   // the model has the means: evaluate it, save it
 * average.exchange();   // and goes on from where it was
 */
export class AveragedParameters {
  readonly #parameters: ReadonlyMap<string, Tensor>;
  readonly #means: Map<string, Tensor>;
  readonly #decay: number;

  /**
   * @param parameters the model's, by name; their means start where they are
   * @param decay of the weights, 0 to below 1: the mean is over about the last 1 / (1 - decay) steps
   */
  constructor(parameters: ReadonlyMap<string, Tensor>, decay: number) {
    this.#parameters = parameters;
    this.#decay = decay;
    this.#means = new Map(Array.from(parameters, ([name, { shape }]) => [name, zeros(shape).persist()]));
    this.#copy(parameters, this.#means);
  }

  /** Takes the parameters as they are now into the mean. @param step steps done before this one */
  update(step: number): void {
    const decay = Math.min(this.#decay, (1 + step) / (10 + step));
    const { reduceSum } = runtime().kernelSet.kernels;
    for (const [name, mean] of this.#means) {
      const [out, x, inner] = [mean.offset, this.#parameters.get(name)!.offset, mean.size];
      reduceSum({ out, x: out, outer: 1, reduced: 1, inner, scale: decay, accumulate: 0 });
      reduceSum({ out, x, outer: 1, reduced: 1, inner, scale: 1 - decay, accumulate: 1 });
    }
  }

  /** Exchanges the model's parameters with their means. No kernel does it: what is there can be saved though a thread has died. */
  exchange(): void {
    for (const [name, mean] of this.#means) {
      const parameter = this.#parameters.get(name)!;
      const kept = parameter.exactDataSync();
      parameter.assign(mean.exactDataSync());
      mean.assign(kept);
    }
  }

  /** The means, by name: the live ones. */
  stateDict(): ReadonlyMap<string, Tensor> {
    return this.#means;
  }

  /** @throws HiddenstateError `missing`, naming a parameter whose mean is not there */
  loadStateDict(means: ReadonlyMap<string, Tensor>): void {
    const missing = [...this.#means.keys()].find((name) => !means.has(name));
    if (missing !== undefined)
      throw new HiddenstateError("missing", `average: missing mean of ${missing}; resume with the options of the run`);
    this.#copy(means, this.#means);
  }

  /** Gives the memory of the means back. */
  end(): void {
    for (const mean of this.#means.values()) mean.end();
  }

  #copy(from: ReadonlyMap<string, Tensor>, to: ReadonlyMap<string, Tensor>): void {
    for (const [name, mean] of to) copyDense(mean.offset, from.get(name)!.offset, mean.size);
  }
}
