import { noGrad } from "../../autograd/tape.ts";
import { partOfTokens, type TokenSource } from "../../data/token-source.ts";
import type { Tokenizer } from "../../data/tokenizer.ts";
import { evaluationWindows, ignoredTarget } from "../../data/windows.ts";
import { scope } from "../../memory/scope.ts";
import { tensor } from "../../memory/tensor.ts";
import { CarriedState } from "../language-modelling/carried-state.ts";
import type { LanguageModel } from "../language-modelling/language-model.ts";
import { thinned } from "./oddness.ts";
import { surprisalOf } from "../surprisal.ts";

/** How surprising held-out text was, in nats, rising: what is usual, and so what is odd. At most 1000 of each, evenly spread. */
export interface SurprisalCalibration {
  /** Of single tokens. */
  tokens: readonly number[];
  /** Of lines, the mean of their tokens and their end; empty where the text has fewer than two whole ones. */
  lines: readonly number[];
  /** Of lines, that of their most surprising token, or of their end. */
  peaks: readonly number[];
}

/** Enough tokens for the thousandth largest of a thousand. */
const mostTokens = 200_000;
/** Logits that are read, and that are held at a time. */
const [mostLogits, heldLogits] = [400e6, 4e6];
const fewestTokens = 5000;
const shortestStretch = 1024;
const mostStretches = 32;
/** Tokens at a stretch's start that lack their past count for nothing, where it is long enough. */
const warmUp = 64;

/**
 * Measures how surprising each token of a held-out text is, and each line. Yields now and then.
 *
 * @param text at least two tokens; of a long one the first 200,000
 */
export function* calibrateSurprisal(
  model: LanguageModel,
  tokenizer: Tokenizer,
  text: TokenSource,
): Generator<void, SurprisalCalibration> {
  const most = Math.max(fewestTokens, Math.min(mostTokens, Math.floor(mostLogits / tokenizer.size)));
  const part = partOfTokens(text, 0, Math.min(text.length, most));
  const rows = Math.min(mostStretches, Math.max(1, Math.floor(part.length / shortestStretch)));
  const bptt = Math.max(1, Math.min(64, Math.floor(heldLogits / (rows * tokenizer.size))));
  const tokens: number[] = [];
  const lines: LineSurprisal[] = [];
  const stretches = Array.from({ length: rows }, () => new Stretch(tokens, lines));
  const ends = lineEnds(tokenizer);
  const carried = new CarriedState();
  try {
    for (const { inputs, targets, steps, batch } of evaluationWindows(part, { batch: rows, bptt }).epoch()) {
      const logits = scope(() =>
        noGrad(() => {
          const read = model.forward(tensor(inputs, [steps, batch], { dtype: "int32" }), carried.state);
          carried.keep(read.state);
          return read.logits.dataSync();
        }),
      );
      targets.forEach((target, i) => {
        if (target === ignoredTarget) return;
        const row = logits.subarray(i * tokenizer.size, (i + 1) * tokenizer.size);
        stretches[i % batch].add(surprisalOf(row, target), ends[target] === 1, part.length / rows);
      });
      yield;
    }
  } finally {
    carried.end();
  }
  return {
    tokens: thinned(tokens),
    lines: thinned(lines.map(({ sum, count }) => sum / count)),
    peaks: thinned(lines.map(({ peak }) => peak)),
  };
}

/** Of a line and its end. */
interface LineSurprisal {
  sum: number;
  count: number;
  peak: number;
}

/** A contiguous part of the text: its tokens, and the lines that lie in it as a whole. */
class Stretch {
  readonly #tokens: number[];
  readonly #lines: LineSurprisal[];
  #read = 0;
  /** Of the line that is being read; null until one has begun here. */
  #line: LineSurprisal | null = null;

  constructor(tokens: number[], lines: LineSurprisal[]) {
    this.#tokens = tokens;
    this.#lines = lines;
  }

  add(surprisal: number, endsLine: boolean, length: number): void {
    if (this.#read++ < Math.min(warmUp, length / 4)) return;
    this.#tokens.push(surprisal);
    if (this.#line) {
      this.#line.sum += surprisal;
      this.#line.count++;
      this.#line.peak = Math.max(this.#line.peak, surprisal);
      if (endsLine) this.#lines.push(this.#line);
    }
    if (endsLine) this.#line = { sum: 0, count: 0, peak: 0 };
  }
}

/** 1 for the tokens that end a line. */
function lineEnds(tokenizer: Tokenizer): Uint8Array {
  return Uint8Array.from({ length: tokenizer.size }, (_, id) => (tokenizer.decode([id]).includes("\n") ? 1 : 0));
}
