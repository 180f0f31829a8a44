import { HiddenstateError, shown } from "../errors.ts";
import { resolveOptions } from "../options.ts";
import { type TokenSource, tokenSource } from "./token-source.ts";

/** The target of a place that counts for nothing: give it to `crossEntropy` as `ignoreIndex`. */
export const ignoredTarget = -100;

export interface WindowOptions {
  /** B, rows side by side, at least 1. A text too short for it gets fewer. */
  batch: number;
  /** T, steps that gradients go back through, at least 1. */
  bptt: number;
  /** S, steps from one window to the next, 1 to `bptt`. Default `bptt`: windows do not overlap. */
  stride?: number;
}

/** One window of every row. */
export interface TextWindow {
  /** T', steps in this window: `bptt`, or fewer at the end of the rows. */
  steps: number;
  /** B. */
  batch: number;
  /** Token ids, time-major [T', B]. */
  inputs: Int32Array;
  /** The token after each input, [T', B]; `ignoredTarget` where a token was predicted before or the row has ended. */
  targets: Int32Array;
  /** How many targets are not ignored. */
  counted: number;
  /** Whether the state comes from the window before; false at the start of the rows. */
  carriesState: boolean;
  /** The next window starts from the state after this many steps of this one. */
  carrySteps: number;
  /** Times that the text was gone through before. */
  epoch: number;
  /** The window's number in its epoch, from 0. */
  index: number;
}

/**
 * A text laid out for truncated backpropagation through time: B contiguous stretches, one to a row, cut into windows.
 *
 * The n - 1 targets (every token but the first) are dealt to the rows in order, L = ceil((n - 1) / B) to the first rows and one
 * fewer to the others where they do not divide; row b reads the tokens just before its targets. Window w of an epoch reads steps wS to
 * wS + T - 1 of every row, or up to L; the last window is the first that reaches L. Every epoch counts every target exactly
 * once: where windows overlap (S < T), a window's first T - S targets were counted by the window before and are ignored, so
 * that gradients of the others go back through at least T - S steps. The state after S steps is carried on, cut from the
 * gradient.
 *
 * Window number `cursor` (from 0, over all epochs) depends on nothing but the text and the options, so a cursor is all that a
 * resumed training needs.
 *
 * @throws HiddenstateError `invalid` or `unknown` for options that are wrong, `invalid` for a text shorter than one window
 *
 * Source: Williams & Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network trajectories":
 * BPTT(h; h') with h = T, h' = S.
 *
 * @example
 * const windows = new TextWindows(tokenizer.encode(text), { batch: 32, bptt: 64 });
 * if (windows.notice) console.warn(windows.notice);
 * for (let cursor = 0; cursor < steps; cursor++) {
 *   const { inputs, targets, carriesState } = windows.at(cursor);
 * }
 */
export class TextWindows {
  /** B as used. */
  readonly batch: number;
  readonly bptt: number;
  readonly stride: number;
  /** What to tell the user, once; null if all is as asked for. */
  readonly notice: string | null;
  /** Windows in one epoch. */
  readonly count: number;
  /** Targets counted in one epoch: all tokens but the first. */
  readonly targets: number;
  readonly #ids: TokenSource;
  /** L, steps of the longest row. */
  readonly #length: number;
  /** How many rows have L targets; the others have L - 1. */
  readonly #longRows: number;

  /** @param ids all of the text's, or where to read them */
  constructor(ids: Int32Array | TokenSource, options: WindowOptions) {
    const { batch, bptt, stride } = resolve("new TextWindows", options);
    const fitting = Math.floor(ids.length / (bptt + 1));
    if (fitting === 0) {
      throw new HiddenstateError(
        "invalid",
        `new TextWindows: invalid text: got ${ids.length} tokens, expected at least ${bptt + 1} (bptt + 1); use a longer text or a smaller bptt`,
      );
    }
    this.#ids = tokenSource(ids);
    this.bptt = bptt;
    this.stride = stride;
    this.batch = Math.min(batch, fitting);
    this.notice = fitting < batch ? shrunk(ids.length, batch, bptt, fitting) : null;
    this.targets = ids.length - 1;
    this.#length = Math.ceil(this.targets / this.batch);
    this.#longRows = this.targets - this.batch * (this.#length - 1);
    this.count = Math.ceil(Math.max(0, this.#length - bptt) / stride) + 1;
  }

  /** The window at a cursor: a whole number from 0, counting windows over all epochs. */
  at(cursor: number): TextWindow {
    if (!Number.isSafeInteger(cursor) || cursor < 0) {
      throw new HiddenstateError(
        "invalid",
        `windows.at: invalid cursor: got ${shown(cursor)}, expected a whole number from 0`,
      );
    }
    const { batch, stride, count } = this;
    const epoch = Math.floor(cursor / count);
    const index = cursor - epoch * count;
    const start = index * stride;
    const steps = Math.min(this.bptt, this.#length - start);
    const alreadyCounted = index === 0 ? 0 : this.bptt - stride;
    const inputs = new Int32Array(steps * batch);
    const targets = new Int32Array(steps * batch).fill(ignoredTarget);
    let counted = 0;
    for (let row = 0; row < batch; row++) {
      const first = this.#firstToken(row) + start;
      const rowSteps = Math.min(steps, this.#targetsIn(row) - start);
      const ids = this.#ids.read(first, Math.min(steps + 1, this.#ids.length - first));
      for (let t = 0; t < steps; t++) {
        inputs[t * batch + row] = ids[t];
        if (t < alreadyCounted || t >= rowSteps) continue;
        targets[t * batch + row] = ids[t + 1];
        counted++;
      }
    }
    const carriesState = index > 0;
    return { steps, batch, inputs, targets, counted, carriesState, carrySteps: Math.min(stride, steps), epoch, index };
  }

  /** The windows of one epoch, in order. */
  *epoch(number = 0): Generator<TextWindow, void, undefined> {
    for (let index = 0; index < this.count; index++) yield this.at(number * this.count + index);
  }

  #firstToken(row: number): number {
    return row * (this.#length - 1) + Math.min(row, this.#longRows);
  }

  #targetsIn(row: number): number {
    return row < this.#longRows ? this.#length : this.#length - 1;
  }
}

/**
 * The windows of an evaluation: every token of the text but the first is a target exactly once. As `TextWindows` without
 * overlap, but a text shorter than one window will do: it needs two tokens.
 *
 * @throws HiddenstateError `invalid` for a text of fewer than two tokens
 *
 * @example
 * for (const { inputs, targets, counted } of evaluationWindows(ids, { batch: 32, bptt: 64 }).epoch()) total += counted;
 */
export function evaluationWindows(ids: Int32Array | TokenSource, options: Omit<WindowOptions, "stride">): TextWindows {
  const { batch, bptt } = resolve("evaluationWindows", options);
  if (ids.length < 2) {
    throw new HiddenstateError(
      "invalid",
      `evaluationWindows: invalid text: got ${ids.length} tokens, expected at least 2`,
    );
  }
  return new TextWindows(ids, { batch, bptt: Math.min(bptt, ids.length - 1) });
}

function resolve(where: string, options: WindowOptions): Required<WindowOptions> {
  const { batch, bptt, stride } = resolveOptions<WindowOptions>(where, options, {
    batch: { type: "integer", min: 1 },
    bptt: { type: "integer", min: 1 },
    stride: { type: "integer", min: 1, max: options?.bptt, default: options?.bptt },
  });
  return { batch, bptt, stride };
}

function shrunk(tokens: number, batch: number, bptt: number, fitting: number): string {
  return (
    `the text has ${tokens} tokens, fewer than batch ${batch} x (bptt ${bptt} + 1) = ${batch * (bptt + 1)}: ` +
    `the batch is ${fitting} instead`
  );
}
