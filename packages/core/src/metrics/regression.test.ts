import { expect, test } from "vitest";
import { meanBaseline, regressionScores } from "./regression.ts";

// scikit-learn's documentation: y_true = [3, -0.5, 2, 7], y_pred = [2.5, 0.0, 2, 8]; MAE 0.5, MSE 0.375, R² 0.948...
test("MAE, RMSE and R² are scikit-learn's", () => {
  const { mae, rmse, r2 } = regressionScores([3, -0.5, 2, 7], [2.5, 0, 2, 8]);
  expect(mae).toBe(0.5);
  expect(rmse).toBeCloseTo(Math.sqrt(0.375), 14);
  expect(r2).toBeCloseTo(0.9486081370449679, 14);
});

test("predicting the truths' own mean explains nothing", () => {
  expect(meanBaseline(2, [1, 2, 3])).toEqual({ mae: 2 / 3, rmse: Math.sqrt(2 / 3), r2: 0 });
  expect(meanBaseline(0, [1, 2, 3]).r2).toBeCloseTo(1 - 14 / 2, 14);
});

test("R² of truths that are all the same is 1 or 0", () => {
  expect(regressionScores([4, 4], [4, 4]).r2).toBe(1);
  expect(regressionScores([4, 4], [4, 5]).r2).toBe(0);
});

test("no examples give no NaN", () => {
  expect(regressionScores([], [])).toEqual({ mae: 0, rmse: 0, r2: 0 });
});
