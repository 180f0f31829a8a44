import type { TokenSource } from "../../data/token-source.ts";
import type { Tokenizer } from "../../data/tokenizer.ts";
import { HiddenstateError, shown } from "../../errors.ts";
import { loadModel } from "../../io/model-files.ts";
import type { ReadableStorage } from "../../io/model-storage.ts";
import { resolveOptions } from "../../options.ts";
import { EventLoopTurns, finished } from "../../train/event-loop.ts";
import type { DataSource } from "../../train/recorded-training.ts";
import { type StreamWeights, weightsRule } from "../../stream/step.ts";
import { LanguageModel, type LanguageModelArchitecture } from "./language-model.ts";
import { evaluateStream } from "./language-model-evaluation.ts";
import { type SamplingOptions, samplingRules } from "../sampling.ts";
import { encodeSource, type TextSource } from "./text-data.ts";
import { TextStream, type TextStreamState } from "./text-stream.ts";
import { loadCalibration, type OddnessOptions } from "../watching/oddness.ts";
import type { SurprisalCalibration } from "../watching/surprisal-calibration.ts";
import { TextWatch, type TextWatchState } from "../watching/text-watch.ts";

/** What `config.json` of a text model holds. */
export interface TextModelConfig {
  task: "lm";
  /** Of the library that wrote it. */
  version: string;
  architecture: Required<LanguageModelArchitecture>;
  vocabularySize: number;
  /** How the data was read, where whoever trained it said so. */
  source?: DataSource;
}

/** How well a model expects a text. */
export interface TextEvaluation {
  /** Mean loss per token, in nats. */
  loss: number;
  /** loss / ln 2. */
  bitsPerToken: number;
  /** exp(loss). */
  perplexity: number;
  /** How many tokens were predicted: all but the first. */
  tokens: number;
  seconds: number;
}

export interface GenerateOptions extends SamplingOptions {
  /** What the text starts with; it is read, not repeated. Default: a newline, or the vocabulary's first token. */
  prompt?: string;
  /** Tokens to write. */
  length: number;
  /** Ends before this text, where it is written, too. Default: nothing does. */
  stop?: string;
  /** Default 0. */
  seed?: number;
}

/** How a text is streamed. */
export interface TextStreamOptions extends StreamWeights {
  /** Key of the draws. Default 0. */
  seed?: number;
}

/** How many characters at the end of one text are the beginning of another, and not all of it. */
function overlap(text: string, next: string): number {
  let count = Math.min(text.length, next.length - 1);
  while (count > 0 && !text.endsWith(next.slice(0, count))) count--;
  return count;
}

/**
 * A trained language model with its tokenizer: evaluates, writes and streams text.
 *
 * @example
 * const model = await loadTextModel(storage);
 * for await (const piece of model.generate({ prompt: "ROMEO:", length: 200, temperature: 0.8 })) print(piece);
 */
export class TextModel {
  readonly task = "lm" as const;
  readonly config: TextModelConfig;
  readonly tokenizer: Tokenizer;
  readonly model: LanguageModel;
  /** How surprising held-out text was; null where the training was stopped before it was measured. */
  readonly calibration: SurprisalCalibration | null;

  constructor(
    config: TextModelConfig,
    tokenizer: Tokenizer,
    model: LanguageModel,
    calibration: SurprisalCalibration | null = null,
  ) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.model = model.eval();
    this.calibration = calibration;
  }

  /** How many numbers the model has learned. */
  get parameterCount(): number {
    return this.model.parameterCount();
  }

  /**
   * Mean loss over a text, or over tokens that need not be in memory, read once from start to end with carried state.
   * @throws HiddenstateError `invalid` for a text of fewer than two tokens, or with characters the model never saw
   */
  async evaluate(text: TextSource | TokenSource, options: { signal?: AbortSignal } = {}): Promise<TextEvaluation> {
    const start = performance.now();
    const work = evaluateStream(this.model, encodeSource(this.tokenizer, text));
    const { loss, tokens } = await finished(work, options.signal);
    const seconds = (performance.now() - start) / 1000;
    return { loss, bitsPerToken: loss / Math.LN2, perplexity: Math.exp(loss), tokens, seconds };
  }

  /** Writes text: pieces of it as they are drawn. The same seed and options give the same text. */
  async *generate(options: GenerateOptions): AsyncGenerator<string, void> {
    const { prompt, length, stop, seed, ...sampling } = resolveOptions<GenerateOptions>("generate", options, {
      ...samplingRules,
      prompt: { type: "string", optional: true },
      length: { type: "integer", min: 0 },
      stop: { type: "string", optional: true },
      seed: { type: "integer", min: 0, default: 0 },
    });
    if (stop === "")
      throw new HiddenstateError("invalid", "generate: invalid stop: it is empty; give a text, or leave it out");
    const stream = this.stream({ seed });
    const decoder = this.tokenizer.decoder();
    const turns = new EventLoopTurns();
    for (const id of this.#opening(prompt)) {
      stream.pushToken(id);
      // What joins the prompt and the first token, such as the space between two words, comes with the token.
      decoder.push(id);
    }
    // What may be the beginning of the end is held until that is known.
    let held = "";
    for (let i = 0; i <= length; i++) {
      held += i < length ? decoder.push(stream.draw(sampling)) : decoder.end();
      const end = stop ? held.indexOf(stop) : -1;
      const told = end >= 0 ? end : held.length - (stop && i < length ? overlap(held, stop) : 0);
      if (told > 0) yield held.slice(0, told);
      if (end >= 0) return;
      held = held.slice(told);
      await turns.give();
    }
  }

  /** A text to read and write token by token. */
  stream(options: TextStreamOptions = {}): TextStream {
    const { seed, weights } = resolveOptions<TextStreamOptions>("stream", options, {
      seed: { type: "integer", min: 0, default: 0 },
      weights: weightsRule,
    });
    return new TextStream(this.model, this.tokenizer, seed, { weights });
  }

  /** Goes on with a stream whose `state()` was kept. */
  resumeStream(state: TextStreamState, options: StreamWeights = {}): TextStream {
    return TextStream.resume(this.model, this.tokenizer, state, options);
  }

  /**
   * A text, or a log of events, that comes line by line: each is told how surprising it is, and is odd where it is more so than all but a
   * share of `rate` of the lines of held-out text.
   * @throws HiddenstateError `missing` where the model was never calibrated
   */
  watch(options: OddnessOptions = {}): TextWatch {
    return new TextWatch(this, options);
  }

  /** Goes on with a watch whose `state()` was kept. */
  resumeWatch(state: TextWatchState): TextWatch {
    return TextWatch.resume(this, state);
  }

  #opening(prompt: string | undefined): Int32Array {
    if (prompt) return this.tokenizer.encode(prompt);
    try {
      const newline = this.tokenizer.encode("\n");
      if (newline.length > 0) return newline;
    } catch (error) {
      if (!(error instanceof HiddenstateError)) throw error;
    }
    return Int32Array.of(0);
  }
}

/**
 * Reads a text model that was trained before.
 * @throws HiddenstateError `missing`, `corrupt` or `unsupported`, naming the file
 */
export async function loadTextModel(storage: ReadableStorage): Promise<TextModel> {
  const saved = await loadModel(storage);
  if (saved.config.task !== "lm" || !saved.tokenizer) {
    throw new HiddenstateError(
      "unsupported",
      `${storage.location}: unsupported task ${shown(saved.config.task)}; this version reads language models ("lm") with a tokenizer`,
    );
  }
  const config = saved.config as unknown as TextModelConfig;
  const model = new LanguageModel({ ...config.architecture, vocabularySize: config.vocabularySize, name: "model" });
  model.loadStateDict(saved.parameters);
  for (const values of saved.parameters.values()) values.end();
  return new TextModel(config, saved.tokenizer, model, await loadCalibration<SurprisalCalibration>(storage));
}
