import { copyDense } from "../autograd/copy.ts";
import { HiddenstateError } from "../errors.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";
import { readUpdate } from "./update-ratios.ts";

/** Means over the steps since the last reading. */
export interface StepSummary {
  loss: number;
  gradientNorm: number;
  largestGradientNorm: number;
  /** Share of the steps whose norm was above the limit. */
  clipped: number;
  /** Of the last step, where it was watched. */
  updateRatio?: number;
  updateRatios?: Record<string, number>;
}

/**
 * Keeps each step's loss and gradient norm in the heap and reads them once every interval only: reading waits for whatever
 * computes.
 */
export class StepLog {
  readonly #capacity: number;
  readonly #clip: number;
  readonly #losses: Tensor;
  readonly #norms: Tensor;
  #count = 0;
  #update: Tensor | null = null;

  readonly #names: readonly string[];

  /** @param names of the parameters whose updates are watched */
  constructor(capacity: number, clip: number, names: readonly string[]) {
    this.#names = names;
    this.#capacity = capacity;
    this.#clip = clip;
    this.#losses = zeros([capacity]).persist();
    this.#norms = zeros([capacity]).persist();
  }

  get full(): boolean {
    return this.#count === this.#capacity;
  }

  /** Whether the next step is the last before it is full. */
  get nearlyFull(): boolean {
    return this.#count === this.#capacity - 1;
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  add(loss: Tensor, norm: Tensor): void {
    const place = this.#count++;
    copyDense(this.#losses.view([1], place).offset, loss.offset, 1);
    copyDense(this.#norms.view([1], place).offset, norm.offset, 1);
  }

  /** Keeps what was found of the last step's update. */
  addUpdate(norms: Tensor): void {
    this.#update?.end();
    this.#update = norms;
  }

  /**
   * Reads the steps since the last reading.
   * @param step the number of steps done, for the error
   * @throws HiddenstateError `not-finite` if a loss or norm was NaN or infinite
   */
  async read(step: number): Promise<StepSummary> {
    const losses = (await this.#losses.data()).subarray(0, this.#count);
    const norms = (await this.#norms.data()).subarray(0, this.#count);
    const first = step - this.#count + 1;
    this.#count = 0;
    const update = this.#update;
    this.#update = null;
    const bad = losses.findIndex((loss, i) => !Number.isFinite(loss) || !Number.isFinite(norms[i]));
    if (bad >= 0) {
      update?.end();
      throw new HiddenstateError(
        "not-finite",
        `train: the loss became ${losses[bad]} (gradient norm ${norms[bad]}) at step ${first + bad}; the last good checkpoint was kept; ` +
          "try a lower learning rate, a lower clip, or a shorter window",
      );
    }
    const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      loss: mean(losses),
      gradientNorm: mean(norms),
      largestGradientNorm: norms.reduce((largest, norm) => Math.max(largest, norm)),
      clipped: norms.filter((norm) => norm > this.#clip).length / norms.length,
      ...(update && readUpdate(update, this.#names)),
    };
  }

  end(): void {
    this.#losses.end();
    this.#norms.end();
    this.#update?.end();
  }
}
