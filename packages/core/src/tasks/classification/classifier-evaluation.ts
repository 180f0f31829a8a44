import { noGrad } from "../../autograd/tape.ts";
import { evaluationBatches } from "../../data/example-batches.ts";
import { scope } from "../../memory/scope.ts";
import {
  type ClassificationScores,
  classificationScores,
  confusionMatrix,
  type ConfusionMatrix,
  type MajorityBaseline,
  majorityBaseline,
} from "../../metrics/classification.ts";
import { meanBaseline, type RegressionScores, regressionScores } from "../../metrics/regression.ts";
import type { EncodedExamples, TargetConfig } from "./classification-data.ts";
import { likeliest } from "../likeliest.ts";
import { surprisalOf } from "../surprisal.ts";
import type { EncodedSequence, SequenceEncoder } from "../sequence-encoder.ts";
import type { SequenceClassifier } from "./sequence-classifier.ts";

/** Sequences and padded time steps read at a time; the results do not depend on them. */
const limits = { batch: 128, steps: 16384 };

/**
 * What the model gives for each sequence, in their order: scores of the classes, or one number.
 *
 * Yields after each batch, so that the caller can let the event loop turn.
 */
export function* classifierOutputs(
  model: SequenceClassifier,
  encoder: SequenceEncoder,
  sequences: readonly EncodedSequence[],
): Generator<void, Float32Array[]> {
  const outputs = Array.from({ length: sequences.length }, () => new Float32Array());
  const lengths = sequences.map(({ length }) => length);
  for (const chosen of evaluationBatches(lengths, limits)) {
    const result = scope(() =>
      noGrad(() => {
        const batch = encoder.batch(chosen.map((i) => sequences[i]));
        return model.forward(batch.x, batch.lengths).dataSync();
      }),
    );
    const width = result.length / chosen.length;
    chosen.forEach((example, b) => (outputs[example] = result.slice(b * width, (b + 1) * width)));
    yield;
  }
  return outputs;
}

/** How well classes are recognised. */
export interface ClassEvaluation extends Omit<ClassificationScores, "classes"> {
  kind: "class";
  examples: number;
  /** Mean of -ln p of the right class, in nats. */
  loss: number;
  /** What predicting the training's most common class achieves on the same examples. */
  majority: MajorityBaseline;
  /** How often each class (row) was taken for each (column), and the scores of each; both in the order of the labels. */
  confusion: ConfusionMatrix;
  classes: ClassificationScores["classes"];
}

/** How far predicted numbers are off. */
export interface NumberEvaluation extends RegressionScores {
  kind: "number";
  examples: number;
  /** Mean squared error, in units of the training's variance. */
  loss: number;
  /** What predicting the training's mean achieves on the same examples. */
  baseline: RegressionScores;
}

/** Compares what the model gives with what is true. Yields after each batch. */
export function* evaluateClassifier(
  model: SequenceClassifier,
  encoder: SequenceEncoder,
  target: TargetConfig,
  { sequences, targets }: EncodedExamples,
): Generator<void, ClassEvaluation | NumberEvaluation> {
  const outputs = yield* classifierOutputs(model, encoder, sequences);
  const examples = targets.length;
  if (target.kind === "number") {
    const predictions = outputs.map(([value]) => numberFrom(value, target));
    const scores = regressionScores(targets, predictions);
    const loss = (scores.rmse / target.deviation) ** 2;
    return { kind: "number", examples, loss, ...scores, baseline: meanBaseline(target.mean, targets) };
  }
  const loss = outputs.reduce((sum, scores, i) => sum + surprisalOf(scores, targets[i]), 0) / examples;
  const confusion = confusionMatrix(targets, outputs.map(likeliest), target.labels.length);
  const majority = majorityBaseline(target.counts, targets);
  return { kind: "class", examples, loss, ...classificationScores(confusion), majority, confusion };
}

/** softmax in double. */
export function probabilities(scores: Float32Array): number[] {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = Array.from(scores, (score) => Math.exp(score - largest));
  const total = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / total);
}

/** The number that a model's output stands for. */
export function numberFrom(output: number, { mean, deviation }: { mean: number; deviation: number }): number {
  return mean + deviation * output;
}
