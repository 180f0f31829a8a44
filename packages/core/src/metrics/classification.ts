import { HiddenstateError, shown } from "../errors.ts";

/** How often each class (row) was taken for each class (column): matrix[truth][prediction]. */
export type ConfusionMatrix = number[][];

/** How well one class is recognised, each share from 0 to 1. */
export interface ClassScore {
  /** Right among those predicted to be this class; 0 if none was. */
  precision: number;
  /** Recognised among those that are this class; 0 if none is. */
  recall: number;
  /** 2 precision recall / (precision + recall); 0 if both are 0. */
  f1: number;
  /** How many examples are this class. */
  support: number;
}

/** How well classes are recognised. */
export interface ClassificationScores {
  /** Share of examples that are right. */
  accuracy: number;
  /** Mean F1 of the classes that occur among truths or predictions: rare ones count as much as common ones. */
  macroF1: number;
  /** By class. */
  classes: ClassScore[];
}

/**
 * Counts how often each class was taken for each.
 *
 * @param truths class of each example, 0 to `classes` - 1
 * @param predictions what was predicted for each
 * @throws HiddenstateError `mismatch` if there are not as many predictions as truths, `unknown` for a class that is none
 * @example
 * confusionMatrix([0, 0, 1], [0, 1, 1], 2);   // [[1, 1], [0, 1]]
 */
export function confusionMatrix(
  truths: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  checkCounts("confusionMatrix", truths, predictions);
  checkClasses("truths", truths, classes);
  checkClasses("predictions", predictions, classes);
  const matrix = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  for (let i = 0; i < truths.length; i++) matrix[truths[i]][predictions[i]]++;
  return matrix;
}

/**
 * Accuracy, and precision, recall and F1 of each class; as scikit-learn's `accuracy_score` and `f1_score(average="macro")`.
 *
 * @param matrix matrix[truth][prediction]
 * @example
 * classificationScores([[1, 1], [0, 1]]).accuracy;   // 2/3
 */
export function classificationScores(matrix: ConfusionMatrix): ClassificationScores {
  let right = 0;
  let all = 0;
  let f1Sum = 0;
  let occurring = 0;
  const classes = matrix.map((row, k): ClassScore => {
    const support = total(row);
    const predicted = matrix.reduce((sum, other) => sum + other[k], 0);
    right += row[k];
    all += support;
    const f1 = ratio(2 * row[k], support + predicted);
    if (support + predicted > 0) occurring++;
    f1Sum += f1;
    return { precision: ratio(row[k], predicted), recall: ratio(row[k], support), f1, support };
  });
  return { accuracy: ratio(right, all), macroF1: ratio(f1Sum, occurring), classes };
}

/** What predicting one class for every example achieves. */
export interface MajorityBaseline {
  /** The class, and its accuracy and macro F1. */
  class: number;
  accuracy: number;
  macroF1: number;
}

/**
 * The baseline of anybody who only knows which class is the most common.
 *
 * @param counts how often each class occurred in training; the first of the most common is predicted
 * @param truths what is to be predicted
 * @example
 * majorityBaseline([5, 9], [1, 1, 0]).accuracy;   // 2/3
 */
export function majorityBaseline(counts: readonly number[], truths: ArrayLike<number>): MajorityBaseline {
  const majority = counts.indexOf(counts.reduce((most, count) => Math.max(most, count), 0));
  const predictions = Array.from({ length: truths.length }, () => majority);
  const { accuracy, macroF1 } = classificationScores(confusionMatrix(truths, predictions, counts.length));
  return { class: majority, accuracy, macroF1 };
}

/** @throws HiddenstateError `mismatch` if there are not as many predictions as truths */
export function checkCounts(where: string, truths: ArrayLike<number>, predictions: ArrayLike<number>): void {
  if (truths.length === predictions.length) return;
  throw new HiddenstateError(
    "mismatch",
    `${where}: mismatch in predictions: got ${predictions.length}, expected ${truths.length}, one for each truth`,
  );
}

function checkClasses(name: string, list: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < list.length; i++) {
    if (Number.isInteger(list[i]) && list[i] >= 0 && list[i] < classes) continue;
    throw new HiddenstateError(
      "unknown",
      `confusionMatrix: unknown class in ${name}[${i}]: got ${shown(list[i])}, expected a whole number from 0 to ${classes - 1} (${classes} classes)`,
    );
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
