import type { Random } from "../../../memory/random.ts";
import type { Tensor } from "../../../memory/tensor.ts";

/** What the network's last layer tells about one future number, and how it is trained. */
export interface Head {
  /** P: numbers that the network gives for each forecast. */
  readonly width: number;
  /** Which of the P numbers is the forecast's location, on the targets' own scale; null where none is. */
  readonly location: number | null;
  /** Where the last layer's biases start, P, for targets that lie about so far from their location. */
  initialBias(spread: number): number[];
  /** Whether it forecasts more than a point. */
  readonly probabilistic: boolean;
  /**
   * The loss of each row.
   *
   * @param raw [N, P]
   * @param target scaled numbers, [N, 1]
   * @param spread what targets were divided by, [N, 1]
   * @returns [N, 1]
   */
  loss(raw: Tensor, target: Tensor, spread: Tensor): Tensor;
  /**
   * The forecast of one row.
   * @param raw P numbers
   * @param spread what targets were divided by
   */
  forecast(raw: ArrayLike<number>, spread: number): Forecasted;
}

/** What is forecast of one number, on the network's scale. */
export interface Forecasted {
  /** The one number to name. */
  readonly point: number;
  /** About how far off the future's number will be: a standard deviation; 0 where there is no more than a point. */
  readonly deviation: number;
  /** The number that lies above the future's with a probability between 0 and 1; not rising where there is no more than a point. */
  readonly quantile: (probability: number) => number;
  /** One number drawn from the distribution. */
  readonly draw: (random: Random) => number;
}
