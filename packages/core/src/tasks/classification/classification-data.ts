import { holdOut } from "../../data/held-out.ts";
import type { TokenizerKind } from "../../data/tokenizer.ts";
import { HiddenstateError, shown } from "../../errors.ts";
import { columnStatistics } from "../standardisation.ts";
import { type EncodedSequence, type NamedInput, SequenceEncoder, type SequenceInput } from "../sequence-encoder.ts";

/** A sequence with what it is: a label, or a number. */
export interface SequenceExample {
  input: SequenceInput;
  /** A label (text) or a number; with option `predict: "label"` a number is a label too, with `"number"` a text must be a number. */
  target: string | number;
  /** How errors name it, such as `names.csv:17`. Default: its place in the array. */
  place?: string;
}

/** What a classifier is trained and tested on. */
export interface ClassificationData {
  training: readonly SequenceExample[];
  /** Default: a tenth of the different inputs of `training`, drawn by the seed, which are then not trained on. */
  validation?: readonly SequenceExample[];
}

/** What comes out, as it stands in `config.json`. */
export type TargetConfig =
  /** Labels in the order of their classes, and how often each occurred in training. */
  | { kind: "class"; labels: string[]; counts: number[] }
  /** A number; the model gives (number - mean) / deviation, both of the training part. */
  | { kind: "number"; mean: number; deviation: number };

/** What targets are taken for. */
export type TargetKind = "label" | "number";

/** Examples ready for batches. */
export interface EncodedExamples {
  sequences: EncodedSequence[];
  /** The class, or the number, of each. */
  targets: number[];
}

/** All that a classifier's training needs of the data. */
export interface PreparedClassification {
  encoder: SequenceEncoder;
  target: TargetConfig;
  training: EncodedExamples;
  validation: EncodedExamples;
}

/** What is known of a model that goes on. */
export interface KnownPreparation {
  encoder: SequenceEncoder;
  target: TargetConfig;
}

/**
 * Splits, encodes and counts: vocabulary, standardisation and class counts come from the training part alone.
 *
 * @param known of a model that goes on with the same target, or null
 * @throws HiddenstateError `invalid`, `mismatch` or `unknown`, naming the example, for inputs and targets that can't be learned from
 */
export function prepareClassification(
  data: ClassificationData,
  options: { tokenizer: TokenizerKind; minimumCount?: number; seed: number; predict?: TargetKind },
  known: Partial<KnownPreparation>,
): PreparedClassification {
  const [all, separate] = [named("training", data.training), named("validation", data.validation ?? [])];
  if (data.validation?.length === 0) throw noExamples("validation");
  if (all.length === 0) throw noExamples("training");
  const numeric = known.target
    ? known.target.kind === "number"
    : (options.predict ?? (typeof all[0].target === "number" ? "number" : "label")) === "number";
  // Where nothing was said, a number among labels (or the reverse) is a fault in the data.
  const typed = options.predict === undefined && !known.target;
  for (const example of [...all, ...separate]) checkTarget(example, numeric, typed);
  if (data.validation === undefined && !numeric) refuseSingleLabels(all);
  const { training, validation } = data.validation
    ? { training: all, validation: separate }
    : splitExamples(all, { predict: numeric ? "number" : "label", seed: options.seed });
  const encoder = known.encoder ?? SequenceEncoder.fromInputs(training, options);
  const target = known.target ?? (numeric ? numberTarget(training) : classTarget(training));
  return {
    encoder,
    target,
    training: encodeExamples(training, encoder, target),
    validation: encodeExamples(validation, encoder, target),
  };
}

/** An example with its name for errors. */
type NamedExample = NamedInput & { target: string | number };

/** @throws HiddenstateError `invalid` where there are none */
export function named(where: string, examples: readonly SequenceExample[]): NamedExample[] {
  return examples.map(({ input, target, place }, i) => ({ input, target, name: place ?? `${where}[${i}]` }));
}

/**
 * Examples as numbers, for a model that expects such inputs and targets.
 * @throws HiddenstateError `invalid`, `mismatch` or `unknown`, naming the example
 */
export function encodeExamples(
  examples: readonly NamedExample[],
  encoder: SequenceEncoder,
  target: TargetConfig,
): EncodedExamples {
  const classes = target.kind === "class" ? new Map(target.labels.map((label, k) => [label, k])) : null;
  return {
    sequences: examples.map((example) => encoder.encode(example)),
    targets: examples.map((example) => {
      if (!classes) return numberOf(example);
      const found = classes.get(labelOf(example));
      if (found !== undefined) return found;
      throw new HiddenstateError(
        "unknown",
        `${example.name}: unknown label ${shown(example.target)}: the training has none such; ` +
          "leave the example out, or give the training some",
      );
    }),
  };
}

/** @throws HiddenstateError `invalid` unless it is what all targets are; `typed`: of that type itself */
function checkTarget(example: NamedExample, numeric: boolean, typed: boolean): void {
  const { name, target } = example;
  if (typed && (typeof target === "number") !== numeric) {
    throw new HiddenstateError(
      "invalid",
      `${name}: invalid target: got ${shown(target)}, expected ${numeric ? "a number" : "a label (a text)"}, as the first target is; ` +
        'the option predict ("label" or "number") says which all are',
    );
  }
  if (numeric) numberOf(example);
  else labelOf(example);
}

function labelOf({ name, target }: NamedExample): string {
  const label = String(target);
  if (label.length > 0) return label;
  throw new HiddenstateError(
    "invalid",
    `${name}: invalid target: got ${shown(target)}, expected a label; leave it out`,
  );
}

function numberOf({ name, target }: NamedExample): number {
  const number = typeof target === "string" && target.trim() === "" ? NaN : Number(target);
  if (Number.isFinite(number)) return number;
  throw new HiddenstateError(
    "invalid",
    `${name}: invalid target: got ${shown(target)}, expected a finite number; leave it out`,
  );
}

/** A label that occurs once can't be both learned and tested. */
function refuseSingleLabels(examples: readonly NamedExample[]): void {
  const first = new Map<string, { example: NamedExample; count: number }>();
  for (const example of examples) {
    const seen = first.get(labelOf(example));
    if (seen) seen.count++;
    else first.set(labelOf(example), { example, count: 1 });
  }
  const single = [...first.values()].filter(({ count }) => count === 1);
  if (single.length === 0) return;
  const others = single.length > 1 ? ` (and ${single.length - 1} other labels too)` : "";
  const { name, target } = single[0].example;
  throw new HiddenstateError(
    "invalid",
    `${name}: invalid label ${shown(target)}: only this example has it${others}, expected at least 2 of each label, ` +
      "one to learn from and one to test with; give more examples of it, leave it out, or give a validation part",
  );
}

/**
 * Holds a tenth of the different inputs out, as a training does that is given no validation part; but a label whose examples were all drawn
 * gets them back.
 *
 * @param options what targets are, and the key of the draw
 */
export function splitExamples<Example extends Pick<SequenceExample, "input" | "target">>(
  examples: readonly Example[],
  { predict, seed }: { predict: TargetKind; seed: number },
): { training: Example[]; validation: Example[] } {
  const keys = examples.map(({ input }) => keyOf(input));
  const drawn = holdOut(keys, { share: 0.1, seed });
  const labels = examples.map(({ target }) => String(target));
  const learned = new Set(drawn.training.map((i) => labels[i]));
  const isNeeded = (i: number): boolean => predict === "label" && !learned.has(labels[i]);
  const needed = new Set(drawn.validation.filter(isNeeded).map((i) => keys[i]));
  const parts: { training: Example[]; validation: Example[] } = { training: [], validation: [] };
  const held = new Set(drawn.validation.map((i) => keys[i]));
  examples.forEach((example, i) =>
    (held.has(keys[i]) && !needed.has(keys[i]) ? parts.validation : parts.training).push(example),
  );
  return parts;
}

/** The same for the same inputs. Of numbers two 32-bit hashes and the length, since there may be many. */
function keyOf(input: SequenceInput): string {
  if (typeof input === "string") return input;
  let [a, b, count] = [0x811c9dc5, 0x5bd1e995, 0];
  const words = new Uint32Array(2);
  const value = new Float64Array(words.buffer);
  const add = (number: number): void => {
    value[0] = number;
    for (const word of words) {
      a = Math.imul(a ^ word, 0x01000193);
      b = Math.imul(b ^ (word + count), 0x85ebca6b);
      b ^= b >>> 13;
    }
    count++;
  };
  for (let t = 0; t < input.length; t++) {
    const row = input[t];
    if (typeof row === "number") add(row);
    else for (let f = 0; f < row.length; f++) add(row[f]);
  }
  return `${count}:${a >>> 0}:${b >>> 0}`;
}

function classTarget(training: readonly NamedExample[]): TargetConfig {
  const counts = new Map<string, number>();
  for (const example of training) counts.set(labelOf(example), (counts.get(labelOf(example)) ?? 0) + 1);
  const labels = [...counts.keys()].toSorted();
  if (labels.length < 2) {
    throw new HiddenstateError(
      "invalid",
      `training: invalid targets: all ${training.length} examples are ${shown(labels[0])}, expected at least 2 different labels`,
    );
  }
  return { kind: "class", labels, counts: labels.map((label) => counts.get(label)!) };
}

function numberTarget(training: readonly NamedExample[]): TargetConfig {
  const numbers = training.map(numberOf);
  const {
    mean: [mean],
    deviation: [deviation],
  } = columnStatistics([numbers], 1);
  if (deviation > 0) return { kind: "number", mean, deviation };
  throw new HiddenstateError(
    "invalid",
    `training: invalid targets: all ${training.length} are ${mean}; there is nothing to learn`,
  );
}

function noExamples(where: string): HiddenstateError {
  return new HiddenstateError("invalid", `${where}: invalid data: it has no examples; give some`);
}
