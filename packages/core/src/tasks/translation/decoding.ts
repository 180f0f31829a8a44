import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { noGrad } from "../../autograd/tape.ts";
import { padTokens } from "../../data/padding.ts";
import { scope } from "../../memory/scope.ts";
import { ints, type Tensor } from "../../memory/tensor.ts";
import type { AttentionMemory } from "../../nn/global-attention.ts";
import { likeliest } from "../likeliest.ts";
import { chooseRows, type DecoderState, type SequenceTranslator } from "./sequence-translator.ts";

/** One sequence as a decoder wrote it. */
export interface Written {
  /** Without the boundary. */
  ids: number[];
  /** ln of the probability of all tokens, the boundary that ends them included. */
  logProbability: number;
  /** Whether it came to its end, or was cut at the longest length. */
  complete: boolean;
  /** How much each place of the source counted for each token and the boundary, where that was asked for: [tokens, S]. */
  attention: Float32Array[] | null;
}

/**
 * Decoders at work on several rows, each writing of a source of its own or of one that others write of too. What it holds between
 * steps is given back when they are done.
 */
export class DecodingRows {
  readonly #model: SequenceTranslator;
  readonly #memory: AttentionMemory;
  #state: DecoderState;
  /** The source of each row. */
  #owners: number[];

  constructor(model: SequenceTranslator, memory: AttentionMemory, state: DecoderState) {
    this.#model = model;
    this.#memory = memory;
    this.#state = state;
    this.#owners = Array.from({ length: memory.values.shape[1] }, (_, row) => row);
  }

  get owners(): readonly number[] {
    return this.#owners;
  }

  /**
   * Each row reads a token.
   * @returns ln p of what may come next, [rows, V + 1], and how much each place of the source counted, [rows, S]
   */
  step(tokens: readonly number[]): { logProbabilities: Float32Array; weights: Tensor } {
    const { logits, weights, state } = scope(() =>
      noGrad(() => {
        const next = this.#model.step(ints(tokens), this.#state, this.#memory, ints(this.#owners));
        return { logits: logSoftmax(next.logits), weights: next.weights, state: next.state };
      }),
    );
    this.#replace(state);
    const logProbabilities = logits.dataSync();
    logits.end();
    return { logProbabilities, weights };
  }

  /** Goes on with some of the rows, in this order, any of them several times. */
  choose(rows: readonly number[]): void {
    if (rows.length === this.#owners.length && rows.every((row, i) => row === i)) return;
    this.#replace(scope(() => noGrad(() => chooseRows(this.#state, rows))));
    this.#owners = rows.map((row) => this.#owners[row]);
  }

  #replace(state: DecoderState): void {
    const { rnn, fed } = this.#state;
    for (const part of [rnn.h, rnn.c, fed]) part?.end();
    this.#state = state;
  }
}

/** Encodes sources and calls back with the decoders that are to write of them, one for each; ends all when it returns. */
export function decode<T>(
  model: SequenceTranslator,
  sources: readonly Int32Array[],
  work: (rows: DecodingRows) => T,
): T {
  return scope(() => {
    const { state, memory } = noGrad(() => model.encode(padTokens(sources)));
    return work(new DecodingRows(model, memory, state));
  });
}

/** How one row's next token is chosen from ln p of each. */
export type Choose = (logProbabilities: Float32Array, row: number) => number;

/**
 * Writes one sequence for each source, token by token. Rows that have ended are dropped, so that the longest costs no more than itself.
 *
 * @param longest the most tokens of each, the boundary not counted
 * @param choose of a source by number; default: the likeliest
 */
export function writeEach(
  model: SequenceTranslator,
  sources: readonly Int32Array[],
  { longest, choose = likeliest, attention = false }: { longest: number; choose?: Choose; attention?: boolean },
): Written[] {
  const { boundary } = model;
  const width = boundary + 1;
  const written = sources.map((): Written => {
    return { ids: [], logProbability: 0, complete: false, attention: attention ? [] : null };
  });
  decode(model, sources, (rows) => {
    let tokens = sources.map(() => boundary);
    for (let length = 0; length <= longest && tokens.length > 0; length++) {
      const { logProbabilities, weights } = rows.step(tokens);
      const looks = attention ? weights.dataSync() : null;
      const places = weights.shape[1];
      weights.end();
      const going: number[] = [];
      const next: number[] = [];
      rows.owners.forEach((source, row) => {
        const own = logProbabilities.subarray(row * width, (row + 1) * width);
        const token = choose(own, source);
        const result = written[source];
        // At the longest length only the end is still taken.
        if (token !== boundary && length === longest) return;
        result.logProbability += own[token];
        if (looks) result.attention!.push(looks.slice(row * places, row * places + sources[source].length));
        if (token === boundary) {
          result.complete = true;
          return;
        }
        result.ids.push(token);
        going.push(row);
        next.push(token);
      });
      rows.choose(going);
      tokens = next;
    }
  });
  return written;
}
