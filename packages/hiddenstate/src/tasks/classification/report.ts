import type { ClassEvaluation, ClassifierModel, ConfusionMatrix, NumberEvaluation } from "@hiddenstate/core";
import { count, significant } from "../../format.ts";
import { heatMap } from "../../pictures/heat-map.ts";
import { scatterChart } from "../../pictures/scatter-chart.ts";
import { textTable } from "../../text-table.ts";
import type { Report } from "../task.ts";

/** Matrices of more labels do not fit a screen: there the most frequent mistakes are told. */
const mostOnScreen = 20;
const mostMistakes = 10;

const share = (value: number): string => value.toFixed(3);

/** How good a classifier is, as a screen of text and as a picture. */
export function classReport(model: ClassifierModel, found: ClassEvaluation & { seconds: number }): Report {
  const { labels } = model;
  const { accuracy, macroF1, majority, examples, loss, classes, confusion } = found;
  const table = textTable(
    [
      { title: "label", align: "left" },
      ...["precision", "recall", "F1", "examples"].map((title) => ({ title, align: "right" as const })),
    ],
    classes.map(({ precision, recall, f1, support }, k) => [
      labels[k],
      ...[precision, recall, f1].map(share),
      count(support),
    ]),
  );
  return {
    record: {
      kind: "class",
      loss,
      accuracy,
      macroF1,
      examples,
      baseline: { label: labels[majority.class], accuracy: majority.accuracy, macroF1: majority.macroF1 },
      labels: Object.fromEntries(classes.map((score, k) => [labels[k], score])),
      confusion,
      seconds: found.seconds,
    },
    lines: [
      `accuracy ${share(accuracy)}, macro F1 ${share(macroF1)} on ${count(examples)} examples (loss ${loss.toFixed(3)} nats)`,
      `always ${labels[majority.class]}, the training's most common label: accuracy ${share(majority.accuracy)}, macro F1 ${share(majority.macroF1)}`,
      "",
      ...table,
      "",
      ...(labels.length <= mostOnScreen ? matrixLines(labels, confusion) : mistakeLines(labels, confusion)),
    ],
    pictures: { confusion: async () => heatMap(confusionMap(model, found)) },
  };
}

/** Rows are truths, columns what they were taken for; what is right stands on the diagonal. */
function matrixLines(labels: readonly string[], confusion: ConfusionMatrix): string[] {
  const columns = labels.map((_, k) => ({ title: String(k + 1), align: "right" as const }));
  const rows = confusion.map((row, k) => [
    `${k + 1}`,
    labels[k],
    ...row.map((value, j) => (value === 0 ? (j === k ? "0" : "·") : String(value))),
  ]);
  return [
    "what each label (row) was taken for (column):",
    ...textTable([{ title: "", align: "right" }, { title: "", align: "left" }, ...columns], rows),
  ];
}

function mistakeLines(labels: readonly string[], confusion: ConfusionMatrix): string[] {
  const mistakes = confusion
    .flatMap((row, k) => row.map((times, j) => ({ truth: labels[k], taken: labels[j], times, wrong: j !== k })))
    .filter(({ wrong, times }) => wrong && times > 0)
    .toSorted((a, b) => b.times - a.times)
    .slice(0, mostMistakes);
  const lines = textTable(
    [
      { title: "label", align: "left" },
      { title: "taken for", align: "left" },
      { title: "times", align: "right" },
    ],
    mistakes.map(({ truth, taken, times }) => [truth, taken, count(times)]),
  );
  return ["the most frequent mistakes:", ...lines];
}

function confusionMap(
  { labels }: ClassifierModel,
  { confusion, accuracy, macroF1, examples, majority }: ClassEvaluation,
): Parameters<typeof heatMap>[0] {
  // Shares of each row: a rare label's mistakes are as visible as a common one's.
  const shares = confusion.map((row) => {
    const all = row.reduce((sum, value) => sum + value, 0);
    return row.map((value) => (all === 0 ? NaN : value / all));
  });
  return {
    title: "What each label was taken for",
    subtitle:
      `${count(examples)} held-out examples: accuracy ${share(accuracy)}, macro F1 ${share(macroF1)}; ` +
      `always ${labels[majority.class]}: ${share(majority.accuracy)} and ${share(majority.macroF1)}. Each row adds up to 100 %.`,
    rowsLabel: "is",
    columnsLabel: "taken for",
    rows: labels.map((label, k) => `${label} (${confusion[k].reduce((sum, value) => sum + value, 0)})`),
    columns: labels,
    values: shares,
    valueLabel: "share of the label's examples",
    domain: [0, 1],
    text: (value) => (value < 0.005 ? "" : String(Math.round(100 * value))),
  };
}

/** How far a model's numbers are off, as lines and as a picture. */
export function numberReport(
  found: NumberEvaluation & { seconds: number },
  pairs: readonly { truth: number; predicted: number }[],
): Report {
  const { mae, rmse, r2, baseline, examples, loss, seconds } = found;
  const row = (name: string, scores: { mae: number; rmse: number; r2: number }): string[] => [
    name,
    significant(scores.mae),
    significant(scores.rmse),
    scores.r2.toFixed(3),
  ];
  return {
    record: { kind: "number", loss, mae, rmse, r2, examples, baseline, seconds },
    lines: textTable(
      [{ title: "", align: "left" }, ...["MAE", "RMSE", "R²"].map((title) => ({ title, align: "right" as const }))],
      [row(`the model, on ${count(examples)} examples`, found), row("always the training's mean", baseline)],
    ),
    pictures: {
      predictions: async () =>
        scatterChart({
          title: "Predicted and true numbers",
          subtitle:
            `${count(examples)} held-out examples: MAE ${significant(mae)}, RMSE ${significant(rmse)}, R² ${r2.toFixed(3)}; ` +
            `always the mean: RMSE ${significant(baseline.rmse)}. On the line both are the same.`,
          x: "true",
          y: "predicted",
          points: pairs.map(({ truth, predicted }) => ({ x: truth, y: predicted })),
          diagonal: true,
        }),
    },
  };
}
