import type { Tokenizer } from "../data/tokenizer.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { Random, randomKey } from "../memory/random.ts";
import { scope } from "../memory/scope.ts";
import { tensor } from "../memory/tensor.ts";
import { noGrad } from "../autograd/tape.ts";
import type { RecurrentState } from "../nn/recurrent.ts";
import type { LanguageModel } from "./language-model.ts";
import { sample, type SamplingOptions } from "./sampling.ts";

/** All of a stream, as plain JSON: store it, and go on later or elsewhere. */
export interface TextStreamState {
  /** The recurrent state, [layers * hidden] numbers each; c for the LSTM only. */
  h: number[];
  c?: number[];
  /** The logits after the last token, [V]; null before the first. */
  logits: number[] | null;
  seed: number;
  /** How many tokens were drawn. */
  draws: number;
}

/**
 * One text, read or written token by token with a constant cost: the recurrent state is all it remembers.
 *
 * @example
 * const stream = model.stream({ seed: 1 });
 * stream.push("Once upon");
 * const next = stream.draw({ temperature: 0.8 });   // a token's id
 * const saved = JSON.stringify(stream.state());
 */
export class TextStream {
  readonly #model: LanguageModel;
  readonly #tokenizer: Tokenizer;
  readonly #seed: number;
  readonly #random: Random;
  #state: RecurrentState;
  #logits: Float32Array | null = null;

  constructor(model: LanguageModel, tokenizer: Tokenizer, seed: number) {
    this.#model = model;
    this.#tokenizer = tokenizer;
    this.#seed = seed;
    this.#random = new Random(randomKey(seed, "sample"));
    this.#state = persistent(scope(() => model.rnn.zeroState(1)));
  }

  /** Reads text. An empty one changes nothing. */
  push(text: string): void {
    for (const id of this.#tokenizer.encode(text)) this.pushToken(id);
  }

  /** Reads one token. */
  pushToken(id: number): void {
    const before = this.#state;
    const { logits, state } = scope(() =>
      noGrad(() => this.#model.step(tensor([id], [1], { dtype: "int32" }), before)),
    );
    this.#logits = logits.dataSync();
    logits.end();
    this.#state = persistent(state);
    endState(before);
  }

  /** The logits of the next token, [V], in nats up to a constant; null before the first token. */
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
    const { h, c } = this.#state;
    return {
      h: [...h.dataSync()],
      ...(c && { c: [...c.dataSync()] }),
      logits: this.#logits && [...this.#logits],
      seed: this.#seed,
      draws: this.#random.position,
    };
  }

  /**
   * A stream that goes on where `state()` was taken.
   * @throws HiddenstateError `mismatch` if the state is another model's
   */
  static resume(model: LanguageModel, tokenizer: Tokenizer, saved: TextStreamState): TextStream {
    const stream = new TextStream(model, tokenizer, saved.seed);
    for (const part of ["h", "c"] as const) {
      const own = stream.#state[part];
      const values = saved[part];
      if (own?.size !== values?.length) {
        throw new HiddenstateError(
          "mismatch",
          `stream: mismatch in state.${part}: got ${shown(values?.length)} numbers, expected ${shown(own?.size)}; the state is another model's`,
        );
      }
      if (own && values) own.assign(values);
    }
    stream.#logits = saved.logits && Float32Array.from(saved.logits);
    stream.#random.position = saved.draws;
    return stream;
  }
}

function persistent(state: RecurrentState): RecurrentState {
  state.h.persist();
  state.c?.persist();
  return state;
}

function endState(state: RecurrentState): void {
  state.h.end();
  state.c?.end();
}
