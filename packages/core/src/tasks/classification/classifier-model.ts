import type { Tokenizer } from "../../data/tokenizer.ts";
import { HiddenstateError, shown } from "../../errors.ts";
import { loadModel } from "../../io/model-files.ts";
import type { ReadableStorage } from "../../io/model-storage.ts";
import { finished } from "../../train/event-loop.ts";
import type { DataSource } from "../../train/recorded-training.ts";
import { encodeExamples, named, type SequenceExample, type TargetConfig } from "./classification-data.ts";
import {
  type ClassEvaluation,
  classifierOutputs,
  evaluateClassifier,
  type NumberEvaluation,
  numberFrom,
  probabilities,
} from "./classifier-evaluation.ts";
import { type ClassifierArchitecture, SequenceClassifier } from "./sequence-classifier.ts";
import { likeliest } from "../likeliest.ts";
import { refuseLongInputs } from "../transformer-limits.ts";
import { type EncodedSequence, type InputConfig, SequenceEncoder, type SequenceInput } from "../sequence-encoder.ts";

/** What `config.json` of a classifier holds. */
export interface ClassifierConfig {
  task: "classify";
  /** Of the library that wrote it. */
  version: string;
  architecture: Required<ClassifierArchitecture>;
  input: InputConfig;
  target: TargetConfig;
  /** How the data was read, where whoever trained it said so. */
  source?: DataSource;
}

/** What a sequence is taken for. */
export interface ClassPrediction {
  kind: "class";
  /** The likeliest, and how likely it is. */
  label: string;
  probability: number;
  /** Of every label; they add up to 1. */
  probabilities: Record<string, number>;
}

/** The number that a sequence leads to. */
export interface NumberPrediction {
  kind: "number";
  value: number;
}

/**
 * A trained sequence classifier (or a model from sequence to number) with all that it needs to know of its data.
 *
 * @example
 * const model = await loadClassifier(storage);
 * const [prediction] = await model.predict(["Nakamura"]);
 * if (prediction.kind === "class") console.log(prediction.label, prediction.probability);
 */
export class ClassifierModel {
  readonly task = "classify" as const;
  readonly config: ClassifierConfig;
  readonly tokenizer: Tokenizer | null;
  readonly model: SequenceClassifier;
  readonly encoder: SequenceEncoder;

  constructor(config: ClassifierConfig, tokenizer: Tokenizer | null, model: SequenceClassifier) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.model = model.eval();
    this.encoder = new SequenceEncoder(config.input, tokenizer);
  }

  /** How many numbers the model has learned. */
  get parameterCount(): number {
    return this.model.parameterCount();
  }

  /** The classes in their order; none where it predicts numbers. */
  get labels(): readonly string[] {
    return this.config.target.kind === "class" ? this.config.target.labels : [];
  }

  /**
   * What each sequence is taken for. How many are given at once, and in which order, changes no number.
   *
   * @param options `places`: how errors name the inputs; default: their places in the array
   * @throws HiddenstateError `invalid` or `mismatch`, naming the input, where it is empty or of another kind than those of the training
   */
  async predict(
    inputs: readonly SequenceInput[],
    options: { signal?: AbortSignal; places?: readonly string[] } = {},
  ): Promise<(ClassPrediction | NumberPrediction)[]> {
    const nameOf = (i: number): string => options.places?.[i] ?? `predict: inputs[${i}]`;
    const sequences = inputs.map((input, i) => this.encoder.encode({ name: nameOf(i), input }));
    this.#refuseLong(sequences, nameOf);
    const outputs = await finished(classifierOutputs(this.model, this.encoder, sequences), options.signal);
    const { target } = this.config;
    return outputs.map((scores): ClassPrediction | NumberPrediction => {
      if (target.kind === "number") return { kind: "number", value: numberFrom(scores[0], target) };
      const [best, shares] = [likeliest(scores), probabilities(scores)];
      const byLabel = Object.fromEntries(target.labels.map((label, k) => [label, shares[k]]));
      return { kind: "class", label: target.labels[best], probability: shares[best], probabilities: byLabel };
    });
  }

  /**
   * How well it does on examples whose targets are known, beside the baseline that knows the training's most common class, or mean.
   * @throws HiddenstateError `invalid`, `mismatch` or `unknown`, naming the example
   */
  async evaluate(
    examples: readonly SequenceExample[],
    options: { signal?: AbortSignal } = {},
  ): Promise<(ClassEvaluation | NumberEvaluation) & { seconds: number }> {
    const start = performance.now();
    const { target } = this.config;
    if (examples.length === 0)
      throw new HiddenstateError("invalid", "evaluate: invalid examples: there are none; give some");
    const given = named("examples", examples);
    const encoded = encodeExamples(given, this.encoder, target);
    this.#refuseLong(encoded.sequences, (i) => given[i].name);
    const found = await finished(evaluateClassifier(this.model, this.encoder, target, encoded), options.signal);
    return { ...found, seconds: (performance.now() - start) / 1000 };
  }

  /** A Transformer that reads in one direction goes on for ever: a step sees those before it as far as its positions go. */
  #refuseLong(sequences: readonly EncodedSequence[], nameOf: (i: number) => string): void {
    if (!this.model.options.bidirectional) return;
    const lengths = sequences.map(({ length }) => length);
    refuseLongInputs(this.model.options, lengths, nameOf);
  }
}

/**
 * Reads a classifier that was trained before.
 * @throws HiddenstateError `missing`, `corrupt` or `unsupported`, naming the file
 */
export async function loadClassifier(storage: ReadableStorage): Promise<ClassifierModel> {
  const saved = await loadModel(storage);
  if (saved.config.task !== "classify") {
    throw new HiddenstateError(
      "unsupported",
      `${storage.location}: unsupported task ${shown(saved.config.task)}, expected a classifier ("classify")`,
    );
  }
  const config = saved.config as unknown as ClassifierConfig;
  const model = makeClassifier(config);
  model.loadStateDict(saved.parameters);
  for (const values of saved.parameters.values()) values.end();
  return new ClassifierModel(config, saved.tokenizer, model);
}

/** The network that a configuration describes, as it starts. */
export function makeClassifier({ architecture, input, target }: ClassifierConfig): SequenceClassifier {
  return new SequenceClassifier({
    ...architecture,
    ...(input.kind === "text" ? { vocabularySize: input.vocabularySize } : { inputSize: input.width }),
    outputSize: target.kind === "class" ? target.labels.length : 1,
    name: "model",
  });
}
