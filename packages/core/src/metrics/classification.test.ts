import { describe, expect, test } from "vitest";
import { classificationScores, confusionMatrix, majorityBaseline } from "./classification.ts";

describe("scores of classes", () => {
  // Truths 0 0 0 1 1 2; class 0 is right twice and taken for 1 once, class 1 right once and taken for 0 once, class 2 taken for 1.
  const matrix = confusionMatrix([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 1], 4);

  test("the confusion matrix has truths as rows and predictions as columns", () => {
    expect(matrix).toEqual([
      [2, 1, 0, 0],
      [1, 1, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  test("accuracy is the share that is right", () => {
    expect(classificationScores(matrix).accuracy).toBe(3 / 6);
  });

  test("precision, recall and F1 are those computed by hand", () => {
    const { classes } = classificationScores(matrix);
    expect(classes[0]).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 });
    expect(classes[1]).toEqual({ precision: 1 / 3, recall: 1 / 2, f1: 2 / 5, support: 2 });
    expect(classes[2]).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
  });

  test("macro F1 is the mean over the classes that occur", () => {
    expect(classificationScores(matrix).macroF1).toBeCloseTo((2 / 3 + 2 / 5 + 0) / 3, 14);
  });

  // scikit-learn's documentation of f1_score: y_true = [0, 1, 2, 0, 1, 2], y_pred = [0, 2, 1, 0, 0, 1], macro: 0.26.
  test("macro F1 is scikit-learn's", () => {
    const scores = classificationScores(confusionMatrix([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1], 3));
    expect(scores.macroF1).toBeCloseTo(0.8 / 3, 14);
  });

  test.each([
    [[0, 1], [1, 5], "predictions[1]: got 5, expected a whole number from 0 to 1 (2 classes)"],
    [[0, 7], [1, 1], "truths[1]: got 7"],
    [[0, -1], [1, 1], "truths[1]: got -1"],
    [[0, 1], [0.5, 1], "predictions[0]: got 0.5"],
  ])("a class that is none is refused: %j taken for %j", (truths, predictions, message) => {
    expect(() => confusionMatrix(truths, predictions, 2)).toThrow(`confusionMatrix: unknown class in ${message}`);
  });

  test("of no examples are 0", () => {
    expect(classificationScores(confusionMatrix([], [], 2))).toMatchObject({ accuracy: 0, macroF1: 0 });
  });

  test("need a prediction for every truth", () => {
    expect(() => confusionMatrix([0, 1], [0], 2)).toThrow("mismatch in predictions: got 1, expected 2");
  });
});

test("the majority baseline predicts the most common class of the training", () => {
  expect(majorityBaseline([3, 7, 2], [1, 1, 0, 2])).toEqual({ class: 1, accuracy: 0.5, macroF1: 2 / 3 / 3 });
});
