import { vocabularyBuilder } from "../data/make-tokenizer.ts";
import { padRows, padTokens } from "../data/padding.ts";
import type { Tokenizer, TokenizerKind } from "../data/tokenizer.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import { columnStatistics } from "./standardisation.ts";

/** What a sequence model reads: a text, numbers (one a step), or rows of numbers. */
export type SequenceInput = string | ArrayLike<number> | readonly ArrayLike<number>[];

/** How inputs become numbers, as it stands in `config.json`. */
export type InputConfig =
  | { kind: "text"; vocabularySize: number }
  /** Each column less its mean, over its standard deviation (1 where it never changes), both of the training part. */
  | { kind: "numbers"; width: number; mean: number[]; deviation: number[] };

/** One input, ready for a batch. */
export interface EncodedSequence {
  /** Time steps. */
  length: number;
  /** Token ids (-1: unknown), or standardised rows one after the other. */
  values: Int32Array | Float32Array;
}

/** An input with how errors name it, such as `training[17]`. */
export interface NamedInput {
  name: string;
  input: SequenceInput;
}

/**
 * Texts to token ids, or rows of numbers to standardised ones. What it knows of the data (vocabulary, means) it knows from the inputs it
 * was made from: give it those of the training part only.
 */
export class SequenceEncoder {
  readonly config: InputConfig;
  readonly tokenizer: Tokenizer | null;
  readonly #encodeText: (text: string) => Int32Array;

  /** @throws HiddenstateError `missing` for texts without a tokenizer */
  constructor(config: InputConfig, tokenizer: Tokenizer | null) {
    if (config.kind === "text" && !tokenizer)
      throw new HiddenstateError("missing", "new SequenceEncoder: missing tokenizer; texts need one");
    this.config = config;
    this.tokenizer = tokenizer;
    this.#encodeText = tokenizer ? knownTokens(tokenizer) : () => new Int32Array();
  }

  /**
   * Learns vocabulary or standardisation from inputs.
   * @throws HiddenstateError `invalid` or `mismatch`, naming the input, where they are not all texts, or not all rows of one width
   */
  static fromInputs(
    inputs: readonly NamedInput[],
    options: { tokenizer: TokenizerKind; minimumCount?: number },
  ): SequenceEncoder {
    if (typeof inputs[0].input === "string") {
      const { tokenizer: kind, minimumCount } = options;
      const builder = vocabularyBuilder(kind, kind === "word" && minimumCount !== undefined ? { minimumCount } : {});
      for (const input of inputs) {
        builder.add(textOf(input));
        // Else the last word of one text and the first of the next would be one.
        if (kind === "word") builder.add("\n");
      }
      const tokenizer = builder.finish();
      return new SequenceEncoder({ kind: "text", vocabularySize: tokenizer.size }, tokenizer);
    }
    const width = widthOf(inputs[0].input);
    const { mean, deviation } = columnStatistics(
      inputs.map((input) => rowsOf(input, width)),
      width,
    );
    // What never changes says nothing: where it does after all, it is read as it is.
    const divisors = deviation.map((each) => each || 1);
    return new SequenceEncoder({ kind: "numbers", width, mean, deviation: divisors }, null);
  }

  /** The id that tokens have which the tokenizer does not know: a word's own, or for what has none -1, which is read as zeros. */
  get unknownToken(): number {
    return this.tokenizer?.kind === "word" ? 0 : -1;
  }

  /** @throws HiddenstateError `invalid` or `mismatch`, naming the input, where it is empty or of another kind */
  encode(input: NamedInput): EncodedSequence {
    const { config } = this;
    if (config.kind === "text") {
      const values = this.#encodeText(textOf(input));
      return { length: values.length, values };
    }
    const { width, mean, deviation } = config;
    const rows = rowsOf(input, width);
    const values = Float32Array.from(rows, (value, i) => (value - mean[i % width]) / deviation[i % width]);
    return { length: values.length / width, values };
  }

  /** Sequences side by side, for a model's `forward`: ids int32 [T, B], or rows [T, B, F]. */
  batch(sequences: readonly EncodedSequence[]): { x: Tensor; lengths: number[] } {
    const all = sequences.map(({ values }) => values);
    if (this.config.kind === "text") {
      const { values, steps, batch, lengths } = padTokens(all);
      return { x: tensor(values, [steps, batch], { dtype: "int32" }), lengths };
    }
    const { width } = this.config;
    const { values, steps, batch, lengths } = padRows(all, width);
    return { x: tensor(values, [steps, batch, width]), lengths };
  }
}

/** As the tokenizer's `encode`, but characters that it does not know are -1 instead of an error: new text always has some. */
export function knownTokens(tokenizer: Tokenizer): (text: string) => Int32Array {
  const json = tokenizer.toJSON();
  if (json.kind !== "character") return (text) => tokenizer.encode(text);
  const ids = new Map(json.characters.map((character, id) => [character, id]));
  return (text) => Int32Array.from(Array.from(text, (character) => ids.get(character) ?? -1));
}

function textOf({ name, input }: NamedInput): string {
  if (typeof input !== "string") {
    throw new HiddenstateError(
      "mismatch",
      `${name}: mismatch in input: got ${shown(input)}, expected a text, as the other inputs are`,
    );
  }
  if (input.length === 0) throw emptyInput(name);
  return input;
}

/** Row-major numbers of an input, checked. */
function rowsOf({ name, input }: NamedInput, width: number): Float64Array {
  if (typeof input === "string") {
    throw new HiddenstateError(
      "mismatch",
      `${name}: mismatch in input: got the text ${shown(input)}, expected rows of ${width} numbers, as the other inputs are`,
    );
  }
  if (input.length === 0) throw emptyInput(name);
  const values = new Float64Array(input.length * width);
  for (let t = 0; t < input.length; t++) {
    const row = input[t];
    const numbers = typeof row === "number" ? [row] : row;
    if (numbers.length !== width) {
      throw new HiddenstateError(
        "mismatch",
        `${name}: mismatch in row ${t}: got ${numbers.length} numbers, expected ${width}, as in the first row of all`,
      );
    }
    for (let f = 0; f < width; f++) {
      if (!Number.isFinite(numbers[f])) {
        throw new HiddenstateError(
          "invalid",
          `${name}: invalid number in row ${t}, column ${f}: got ${shown(numbers[f])}, expected a finite number; fill gaps first`,
        );
      }
      values[t * width + f] = numbers[f];
    }
  }
  return values;
}

function widthOf(input: Exclude<SequenceInput, string>): number {
  const first = input[0];
  return typeof first === "number" || first === undefined ? 1 : first.length;
}

function emptyInput(name: string): HiddenstateError {
  return new HiddenstateError(
    "invalid",
    `${name}: invalid input: it is empty, expected at least one time step; leave it out`,
  );
}
