import type { Tokenizer } from "../../data/tokenizer.ts";
import { HiddenstateError } from "../../errors.ts";
import { Random, randomKey } from "../../memory/random.ts";
import type { StreamState } from "../../stream/sequence-stream.ts";
import type { SequenceStream } from "../../stream/sequence-stream.ts";
import { checkLength, type StreamWeights } from "../../stream/step.ts";
import { sample, type SamplingOptions } from "../sampling.ts";
import type { LanguageModel } from "./language-model.ts";

/** All of a stream, as plain JSON: store it, and go on later or elsewhere. */
export interface TextStreamState extends StreamState {
  /** The logits after the last token, [V]; null before the first. */
  logits: number[] | null;
  seed: number;
  /** How many tokens were drawn. */
  draws: number;
}

/**
 * One text, read or written token by token with a constant cost: the recurrent state is all it remembers. Reading allocates
 * nothing after the first token.
 *
 * @example
 * const stream = model.stream({ seed: 1 });
 * stream.push("Once upon");
 * const next = stream.draw({ temperature: 0.8 });   // a token's id
 * const saved = JSON.stringify(stream.state());
 */
export class TextStream {
  readonly #tokenizer: Tokenizer;
  readonly #seed: number;
  readonly #random: Random;
  readonly #stream: SequenceStream;
  readonly #token: number[] = [0];
  readonly #vocabularySize: number;
  #logits: Float32Array | null = null;

  /** @param seed key of the draws */
  constructor(model: LanguageModel, tokenizer: Tokenizer, seed: number, options: StreamWeights = {}) {
    this.#tokenizer = tokenizer;
    this.#seed = seed;
    this.#random = new Random(randomKey(seed, "sample"));
    this.#stream = model.stream(options);
    this.#vocabularySize = model.options.vocabularySize;
  }

  /** Reads text. An empty one changes nothing. */
  push(text: string): void {
    for (const id of this.#tokenizer.encode(text)) this.pushToken(id);
  }

  /**
   * Reads one token.
   * @throws HiddenstateError `invalid` for an id that is none
   */
  pushToken(id: number): void {
    this.#token[0] = id;
    this.#logits = this.#stream.push(this.#token);
  }

  /**
   * The logits of the next token, [V], in nats up to a constant; null before the first token. The same array for every token:
   * copy what is to stay.
   */
  get logits(): Float32Array | null {
    return this.#logits;
  }

  /**
   * Draws the next token and reads it.
   * @returns the token's id
   * @throws HiddenstateError `missing` before the first token
   */
  draw(options: SamplingOptions = {}): number {
    if (!this.#logits) {
      throw new HiddenstateError(
        "missing",
        "stream.draw: missing start; push at least one token before drawing the next",
      );
    }
    const id = sample(this.#logits, options, this.#random);
    this.pushToken(id);
    return id;
  }

  /** All that the stream remembers. */
  state(): TextStreamState {
    return {
      ...this.#stream.state(),
      logits: this.#logits && [...this.#logits],
      seed: this.#seed,
      draws: this.#random.position,
    };
  }

  /**
   * A stream that goes on where `state()` was taken.
   * @throws HiddenstateError `mismatch` if the state is another model's
   */
  static resume(
    model: LanguageModel,
    tokenizer: Tokenizer,
    saved: TextStreamState,
    options: StreamWeights = {},
  ): TextStream {
    const stream = new TextStream(model, tokenizer, saved.seed, options);
    if (saved.logits) {
      checkLength("stream", "state.logits", saved.logits, stream.#vocabularySize, "[V]; is the state another model's?");
    }
    stream.#stream.restore(saved);
    stream.#logits = saved.logits && Float32Array.from(saved.logits);
    stream.#random.position = saved.draws;
    return stream;
  }
}
