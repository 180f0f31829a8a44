import { copyDense } from "../autograd/copy.ts";
import { HiddenstateError } from "../errors.ts";
import { type Tensor, zeros } from "../memory/tensor.ts";

/** Means over the steps since the last reading. */
export interface StepSummary {
  loss: number;
  gradientNorm: number;
  /** Share of the steps whose norm was above the limit. */
  clipped: number;
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

  constructor(capacity: number, clip: number) {
    this.#capacity = capacity;
    this.#clip = clip;
    this.#losses = zeros([capacity]).persist();
    this.#norms = zeros([capacity]).persist();
  }

  get full(): boolean {
    return this.#count === this.#capacity;
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  add(loss: Tensor, norm: Tensor): void {
    const place = this.#count++;
    copyDense(this.#losses.view([1], place).offset, loss.offset, 1);
    copyDense(this.#norms.view([1], place).offset, norm.offset, 1);
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
    const bad = losses.findIndex((loss, i) => !Number.isFinite(loss) || !Number.isFinite(norms[i]));
    if (bad >= 0) {
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
      clipped: norms.filter((norm) => norm > this.#clip).length / norms.length,
    };
  }

  end(): void {
    this.#losses.end();
    this.#norms.end();
  }
}
