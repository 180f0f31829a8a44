import { checkCounts } from "./classification.ts";

/** How far predicted numbers are from the true ones. */
export interface RegressionScores {
  /** Mean absolute error, in the unit of the numbers. */
  mae: number;
  /** Root of the mean squared error, in the unit of the numbers. */
  rmse: number;
  /** Share of the variance explained: 1 is perfect, 0 is as good as the truths' own mean, below 0 is worse. */
  r2: number;
}

/**
 * MAE, RMSE and R², as scikit-learn's `r2_score`.
 *
 * mae = mean |p - y|; rmse = sqrt(mean (p - y)²); r2 = 1 - Σ (p - y)² / Σ (y - mean y)²
 *
 * Where all truths are the same, r2 is 1 if the predictions are too, else 0; of no examples all three are 0.
 *
 * @throws HiddenstateError `mismatch` if there are not as many predictions as truths
 * @example
 * regressionScores([1, 2, 3], [1, 2, 5]);   // { mae: 0.667, rmse: 1.155, r2: -1 }
 */
export function regressionScores(truths: ArrayLike<number>, predictions: ArrayLike<number>): RegressionScores {
  checkCounts("regressionScores", truths, predictions);
  const count = truths.length;
  if (count === 0) return { mae: 0, rmse: 0, r2: 0 };
  const mean = meanOf(truths);
  let [absolute, squared, variation] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const error = predictions[i] - truths[i];
    absolute += Math.abs(error);
    squared += error * error;
    variation += (truths[i] - mean) ** 2;
  }
  const r2 = variation === 0 ? Number(squared === 0) : 1 - squared / variation;
  return { mae: absolute / count, rmse: Math.sqrt(squared / count), r2 };
}

/**
 * The baseline of anybody who only knows the mean: its scores when it is predicted every time.
 *
 * @param mean of the numbers in training
 * @example
 * meanBaseline(2, [1, 2, 3]).rmse;   // 0.816
 */
export function meanBaseline(mean: number, truths: ArrayLike<number>): RegressionScores {
  return regressionScores(
    truths,
    Array.from({ length: truths.length }, () => mean),
  );
}

/** The arithmetic mean. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
