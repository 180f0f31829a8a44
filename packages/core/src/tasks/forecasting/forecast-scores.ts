import {
  intervalCoverage,
  meanAbsoluteError,
  rootMeanSquaredError,
  symmetricPercentageError,
  weightedQuantileLoss,
} from "../../metrics/forecast.ts";

/** How good forecasts were. */
export interface ForecastScores {
  /** Mean absolute error, in the unit of the values. */
  mae: number;
  /** Root of the mean squared error, in the unit of the values. */
  rmse: number;
  /** Symmetric mean absolute percentage error, 0 to 200. */
  smape: number;
  /** Mean absolute scaled error: below 1 is better than the (seasonal) naive forecast was on the training part. */
  mase: number;
  /** Weighted quantile loss over the levels 0.1, 0.2, ..., 0.9. */
  wql: number;
  /** Share of the values that lay inside the interval, by its level. */
  coverage: Record<string, number>;
}

/** Levels of the weighted quantile loss. */
const lossLevels: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Gathers forecasts with what came, and scores them. */
export class ScoreSheet {
  readonly #levels: readonly number[];
  readonly #actual: number[] = [];
  readonly #point: number[] = [];
  readonly #scaled: number[] = [];
  readonly #quantiles: number[][] = lossLevels.map(() => []);
  readonly #lower: number[][];
  readonly #upper: number[][];

  /** @param levels of the intervals */
  constructor(levels: readonly number[]) {
    this.#levels = levels;
    this.#lower = levels.map(() => []);
    this.#upper = levels.map(() => []);
  }

  /**
   * @param naiveScale what the series' absolute errors are divided by for MASE
   * @param quantile of the forecast, by probability
   */
  add(actual: number, point: number, naiveScale: number, quantile: (probability: number) => number): void {
    if (Number.isNaN(actual)) return;
    this.#actual.push(actual);
    this.#point.push(point);
    this.#scaled.push(Math.abs(actual - point) / naiveScale);
    lossLevels.forEach((level, i) => this.#quantiles[i].push(quantile(level)));
    this.#levels.forEach((level, i) => {
      this.#lower[i].push(quantile((1 - level) / 2));
      this.#upper[i].push(quantile((1 + level) / 2));
    });
  }

  scores(): ForecastScores {
    const quantiles = lossLevels.map((level, i) => ({ level, values: this.#quantiles[i] }));
    return {
      mae: meanAbsoluteError(this.#actual, this.#point),
      rmse: rootMeanSquaredError(this.#actual, this.#point),
      smape: symmetricPercentageError(this.#actual, this.#point),
      mase: this.#scaled.reduce((sum, error) => sum + error, 0) / this.#scaled.length,
      wql: weightedQuantileLoss(this.#actual, quantiles),
      coverage: Object.fromEntries(
        this.#levels.map((level, i) => [level, intervalCoverage(this.#actual, this.#lower[i], this.#upper[i])]),
      ),
    };
  }
}
