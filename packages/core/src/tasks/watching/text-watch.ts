import type { Tokenizer } from "../../data/tokenizer.ts";
import { HiddenstateError } from "../../errors.ts";
import { resolveOptions } from "../../options.ts";
import type { TextModel } from "../language-modelling/text-model.ts";
import type { TextStream, TextStreamState } from "../language-modelling/text-stream.ts";
import { type OddnessOptions, oddThreshold, rateRule, uncalibrated } from "./oddness.ts";
import { surprisalOf } from "../surprisal.ts";

/** A line of a text or an event log beside what was expected of it, before it was known. */
export interface WatchedLine {
  text: string;
  /** Mean over its tokens, and its end, of -ln of the probability that each had after all before it, in nats. Null where there was none. */
  surprisal: number | null;
  /** That of its most surprising token, or of its end. */
  peak: number | null;
  /**
   * Surprising as a whole, or at one place, as no more than a share of `rate` of the lines of held-out text are: each of the two more than
   * in all but half that share. Null where those had too few lines to tell.
   */
  odd: boolean | null;
  tokens: WatchedToken[];
  /** Characters that the model has never seen, which it skips: a line with such is odd. */
  unknown: string[];
}

/** One token of a watched line. */
export interface WatchedToken {
  text: string;
  /** In nats. */
  surprisal: number;
  /** More surprising than all but a share of `rate` of the tokens of held-out text. */
  odd: boolean;
}

/** All of a watch: plain JSON. */
export interface TextWatchState {
  rate: number;
  stream: TextStreamState;
}

/**
 * A text that comes line by line, each told how surprising it is. The state goes on from line to line: what is usual here may be odd
 * there.
 *
 * Surprisal of a token x after all before it: -ln p(x | past), in nats (Shannon 1948).
 *
 * @example
 * const watch = model.watch({ rate: 0.001 });
 * for (const line of log) if (watch.push(line).odd) console.warn(line);
 */
export class TextWatch {
  readonly rate: number;
  /** In nats; what exceeds them is odd: a token's, a line's mean, a line's peak. Null for lines where the held-out text had too few. */
  readonly thresholds: { token: number; line: number | null; peak: number | null };
  readonly #tokenizer: Tokenizer;
  readonly #stream: TextStream;
  readonly #end: Int32Array;

  /** @throws HiddenstateError `missing` where the model was never calibrated */
  constructor(model: TextModel, options: OddnessOptions = {}, state?: TextStreamState) {
    const { rate } = resolveOptions<OddnessOptions>("model.watch", options, { rate: rateRule });
    if (!model.calibration) throw uncalibrated("model.watch");
    const { tokens, lines, peaks } = model.calibration;
    this.rate = rate;
    const ofLines = (usual: readonly number[]): number | null =>
      lines.length > 1 ? oddThreshold(usual, rate / 2) : null;
    this.thresholds = { token: oddThreshold(tokens, rate), line: ofLines(lines), peak: ofLines(peaks) };
    this.#tokenizer = model.tokenizer;
    this.#stream = state ? model.resumeStream(state) : model.stream();
    this.#end = readableTokens(model.tokenizer, "\n").ids;
    // A text begins as a line does: after the end of one.
    if (!state) for (const id of this.#end) this.#stream.pushToken(id);
  }

  /** Goes on with a watch whose `state()` was kept. */
  static resume(model: TextModel, { rate, stream }: TextWatchState): TextWatch {
    return new TextWatch(model, { rate }, stream);
  }

  /** Reads a line, without its end, and says how surprising it is. */
  push(line: string): WatchedLine {
    const { ids, unknown } = readableTokens(this.#tokenizer, line);
    const decoder = this.#tokenizer.decoder();
    const tokens: WatchedToken[] = [];
    let [sum, count, most] = [0, 0, 0];
    const read = (id: number): number | null => {
      const { logits } = this.#stream;
      const surprisal = logits && surprisalOf(logits, id);
      this.#stream.pushToken(id);
      if (surprisal === null) return null;
      sum += surprisal;
      count++;
      most = Math.max(most, surprisal);
      return surprisal;
    };
    for (const id of ids) {
      const surprisal = read(id);
      const text = decoder.push(id);
      if (surprisal !== null) tokens.push({ text, surprisal, odd: surprisal > this.thresholds.token });
    }
    for (const id of this.#end) read(id);
    const surprisal = count > 0 ? sum / count : null;
    const peak = count > 0 ? most : null;
    const odd = unknown.length > 0 ? true : this.#isOdd(surprisal, peak);
    return { text: line, surprisal, peak, odd, tokens, unknown };
  }

  #isOdd(surprisal: number | null, peak: number | null): boolean | null {
    const { line: mean, peak: largest } = this.thresholds;
    if (surprisal === null || peak === null || mean === null || largest === null) return null;
    return surprisal > mean || peak > largest;
  }

  /** All that is needed to go on. */
  state(): TextWatchState {
    return { rate: this.rate, stream: this.#stream.state() };
  }
}

/** The tokens of what is known of a text, and the characters that are not. */
function readableTokens(tokenizer: Tokenizer, text: string): { ids: Int32Array; unknown: string[] } {
  try {
    return { ids: tokenizer.encode(text), unknown: [] };
  } catch (error) {
    if (!(error instanceof HiddenstateError && error.code === "unknown")) throw error;
  }
  const unknown = new Set<string>();
  const ids: number[] = [];
  for (const character of text) {
    try {
      ids.push(...tokenizer.encode(character));
    } catch {
      unknown.add(character);
    }
  }
  return { ids: Int32Array.from(ids), unknown: [...unknown] };
}
