import type { Tokenizer, TokenizerJSON } from "../../data/tokenizer.ts";
import { HiddenstateError, shown } from "../../errors.ts";
import { loadModel } from "../../io/model-files.ts";
import type { ReadableStorage } from "../../io/model-storage.ts";
import { Random, randomKey } from "../../memory/random.ts";
import { type OptionRules, resolveOptions } from "../../options.ts";
import { finished } from "../../train/event-loop.ts";
import type { DataSource } from "../../train/recorded-training.ts";
import { sample, type SamplingOptions, samplingRules } from "../sampling.ts";
import { beamSearch } from "./beam-search.ts";
import { writeEach, type Written } from "./decoding.ts";
import { checkPairs, checkText, type TranslationPair } from "./pair-data.ts";
import { SequenceTranslator, type TranslatorArchitecture } from "./sequence-translator.ts";
import { TextSide } from "./text-side.ts";
import {
  batchesOf,
  evaluateTranslator,
  type ExposureBias,
  measureExposureBias,
  type TranslatorEvaluation,
  type TranslatorParts,
} from "./translator-evaluation.ts";

/** What `config.json` of a translator holds. */
export interface TranslatorConfig {
  task: "seq2seq";
  /** Of the library that wrote it. */
  version: string;
  architecture: Required<TranslatorArchitecture>;
  /** How the texts of each side become tokens. */
  tokenizers: { source: TokenizerJSON; target: TokenizerJSON };
  /** Tokens of the longest target of the training. */
  longestTarget: number;
  /** How the data was read, where whoever trained it said so. */
  source?: DataSource;
}

/** How texts are written. Without options: the likeliest token at each step. */
export interface TranslateOptions extends SamplingOptions {
  /** Follows so many beginnings at a time and gives the best text of all (beam search). At least 1. Default: greedy. */
  beam?: number;
  /** With `beam`: α of ((5 + length) / 6)^α, by which ln p is divided; 0 favours short texts. At least 0. Default 0.6. */
  lengthPenalty?: number;
  /** Draws each token at random instead, with `temperature`, `topK` and `topP`. Default: false, true where one of these is given. */
  sample?: boolean;
  /** Key of the draws. Default 0. */
  seed?: number;
  /** The most tokens of a text. Default: half as many again as the longest target of the training, and 8 more. */
  longest?: number;
  /** Whether to tell what each token looked at. Default false. */
  attention?: boolean;
  /** How errors name each source, such as `texts.txt:17`. Default: its place in the array. */
  places?: readonly string[];
  signal?: AbortSignal;
}

const rules: OptionRules<TranslateOptions> = {
  ...samplingRules,
  beam: { type: "integer", min: 1, optional: true },
  lengthPenalty: { type: "number", min: 0, default: 0.6 },
  sample: { type: "boolean", optional: true },
  seed: { type: "integer", min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
  longest: { type: "integer", min: 1, optional: true },
  attention: { type: "boolean", default: false },
  places: { type: "any", optional: true },
  signal: { type: "any", optional: true },
};

/** A text that was written of a source. */
export interface Translation {
  text: string;
  /** Of all its tokens and the end, given the source: 0 to 1. */
  probability: number;
  /** False where it was cut at the longest length. */
  complete: boolean;
  /**
   * Beam search only: other texts that had ended when nothing could become better than `text`, best first. They need not be the next best
   * ones of all.
   */
  alternatives?: { text: string; probability: number }[];
  /** Where each token looked, where that was asked for. */
  attention?: AttentionMatrix;
}

/** How much each token of a source counted for each token that was written. */
export interface AttentionMatrix {
  /** Tokens of the source. */
  source: string[];
  /** Tokens written; last the end, as an empty string. */
  target: string[];
  /** A row for each of `target`, a number for each of `source`; rows sum to 1. */
  weights: number[][];
}

/**
 * A trained translator with all that it needs to know of its languages.
 *
 * @example
 * const model = await loadTranslator(storage);
 * const [{ text }] = await model.translate(["the fifth of March 2024"], { beam: 4 });   // "2024-03-05"
 */
export class TranslatorModel {
  readonly task = "seq2seq" as const;
  readonly config: TranslatorConfig;
  readonly model: SequenceTranslator;
  readonly #parts: TranslatorParts;

  constructor(config: TranslatorConfig, model: SequenceTranslator) {
    this.config = config;
    this.model = model.eval();
    this.#parts = partsOf(config, model);
  }

  /** How many numbers the model has learned. */
  get parameterCount(): number {
    return this.model.parameterCount();
  }

  /** The tokenizer of the texts that it reads. */
  get source(): Tokenizer {
    return this.#parts.source.tokenizer;
  }

  /** The tokenizer of the texts that it writes. */
  get target(): Tokenizer {
    return this.#parts.target.tokenizer;
  }

  /**
   * A text for each source. How many are given at once, and in which order, changes no number.
   *
   * @throws HiddenstateError `invalid`, naming the source, for an empty one, and for options out of range; `mismatch` for options that exclude each other
   */
  async translate(sources: readonly string[], options: TranslateOptions = {}): Promise<Translation[]> {
    sources.forEach((source, i) => checkText(options.places?.[i] ?? `translate: sources[${i}]`, "source", source));
    const checked = checkTranslateOptions("translate", options, this.#parts.longest);
    return finished(this.#translateAll(sources, checked), options.signal);
  }

  /**
   * How well it does on pairs: the loss and accuracy of tokens given the truth before them, and what it writes from the source alone: the likeliest
   * token at each step or, with `beam`, as `translate` does.
   * @throws HiddenstateError `invalid`, naming the pair, and for options out of range
   */
  async evaluate(
    pairs: readonly TranslationPair[],
    options: Pick<TranslateOptions, "beam" | "lengthPenalty" | "signal"> = {},
  ): Promise<TranslatorEvaluation & { outputs: string[]; seconds: number }> {
    const start = performance.now();
    checkPairs("evaluate: pairs", pairs);
    const { beam, lengthPenalty } = checkTranslateOptions("evaluate", options, this.#parts.longest);
    const search = beam === null ? null : { beam, lengthPenalty };
    const found = await finished(evaluateTranslator(this.#parts, pairs, search), options.signal);
    return { ...found, seconds: (performance.now() - start) / 1000 };
  }

  /**
   * What it costs the model to read what it wrote itself instead of the truth, at each place of the targets.
   * @throws HiddenstateError `invalid`, naming the pair
   */
  async exposureBias(pairs: readonly TranslationPair[], options: { signal?: AbortSignal } = {}): Promise<ExposureBias> {
    checkPairs("exposureBias: pairs", pairs);
    return finished(measureExposureBias(this.#parts, pairs), options.signal);
  }

  *#translateAll(sources: readonly string[], options: CheckedOptions): Generator<void, Translation[]> {
    const { model, source, target } = this.#parts;
    const encoded = sources.map((text) => source.encode(text));
    const result: Translation[] = [];
    for (const chosen of batchesOf(encoded.map(({ length }) => length * (options.beam ?? 1)))) {
      const texts = chosen.map((i) => encoded[i]);
      const { longest, attention } = options;
      if (options.beam === null) {
        const choose = options.sampling && drawing(options.sampling, options.seed, (row) => chosen[row]);
        const written = writeEach(model, texts, { longest, attention, ...(choose && { choose }) });
        chosen.forEach((i, row) => (result[i] = this.#translation(sources[i], written[row])));
      } else {
        const { beam, lengthPenalty } = options;
        const found = beamSearch(model, texts, { beam, lengthPenalty, longest, attention });
        chosen.forEach((i, row) => {
          const [best, ...others] = found[row];
          const alternatives = others.map(({ ids, logProbability }) => {
            return { text: target.decode(ids), probability: Math.exp(logProbability) };
          });
          result[i] = { ...this.#translation(sources[i], best), alternatives };
        });
      }
      yield;
    }
    return result;
  }

  #translation(text: string, { ids, logProbability, complete, attention }: Written): Translation {
    const { source, target } = this.#parts;
    const translation: Translation = {
      text: target.decode(ids),
      probability: Math.exp(logProbability),
      complete,
    };
    if (attention) {
      translation.attention = {
        source: source.tokens(text),
        target: [...ids.map((id) => target.name(id)), ...(complete ? [""] : [])],
        weights: attention.map((row) => [...row]),
      };
    }
    return translation;
  }
}

interface CheckedOptions {
  /** Null: token by token. */
  beam: number | null;
  lengthPenalty: number;
  /** Null: the likeliest. */
  sampling: Required<SamplingOptions> | null;
  seed: number;
  longest: number;
  attention: boolean;
}

function checkTranslateOptions(where: string, options: TranslateOptions, usual: number): CheckedOptions {
  const { temperature, topK, topP, lengthPenalty, seed, attention } = resolveOptions(where, options, rules);
  const { beam = null, longest = usual } = options;
  const drawn = (["temperature", "topK", "topP", "seed"] as const).find((name) => options[name] !== undefined);
  const samples = options.sample ?? (drawn !== undefined && drawn !== "seed");
  const refused = (name: string, needs: string): HiddenstateError =>
    new HiddenstateError("mismatch", `${where}: mismatch in ${name}: it does nothing ${needs}; leave it out`);
  if (beam !== null && (samples || drawn !== undefined))
    throw refused(drawn ?? "sample", "with beam, which draws nothing");
  if (beam === null && options.lengthPenalty !== undefined) throw refused("lengthPenalty", "without beam");
  if (!samples && drawn !== undefined) throw refused(drawn, "without sample: true");
  return { beam, lengthPenalty, sampling: samples ? { temperature, topK, topP } : null, seed, longest, attention };
}

/** Draws of a source depend on its place among all, not on the batch. */
function drawing(
  sampling: Required<SamplingOptions>,
  seed: number,
  placeOf: (row: number) => number,
): (logProbabilities: Float32Array, row: number) => number {
  const draws = new Map<number, Random>();
  return (logProbabilities, row) => {
    const place = placeOf(row);
    const random = draws.get(place) ?? new Random(randomKey(seed, "translate", "", place));
    draws.set(place, random);
    return sample(logProbabilities, sampling, random);
  };
}

/**
 * Reads a translator that was trained before.
 * @throws HiddenstateError `missing`, `corrupt` or `unsupported`, naming the file
 */
export async function loadTranslator(storage: ReadableStorage): Promise<TranslatorModel> {
  const saved = await loadModel(storage);
  if (saved.config.task !== "seq2seq") {
    throw new HiddenstateError(
      "unsupported",
      `${storage.location}: unsupported task ${shown(saved.config.task)}, expected a translator ("seq2seq")`,
    );
  }
  const config = saved.config as unknown as TranslatorConfig;
  const model = makeTranslator(config);
  model.loadStateDict(saved.parameters);
  for (const values of saved.parameters.values()) values.end();
  return new TranslatorModel(config, model);
}

/** The network that a configuration describes, as it starts. */
export function makeTranslator({ architecture, tokenizers }: TranslatorConfig): SequenceTranslator {
  const sizes = {
    sourceSize: TextSide.fromJSON(tokenizers.source).size,
    targetSize: TextSide.fromJSON(tokenizers.target).size,
  };
  return new SequenceTranslator({ ...architecture, ...sizes, name: "model" });
}

/** A network with what its configuration says of its languages. */
export function partsOf({ tokenizers, longestTarget }: TranslatorConfig, model: SequenceTranslator): TranslatorParts {
  return {
    model,
    source: TextSide.fromJSON(tokenizers.source),
    target: TextSide.fromJSON(tokenizers.target),
    longest: Math.ceil(1.5 * longestTarget) + 8,
  };
}
