import { concat } from "../autograd/ops/concat.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { transpose } from "../autograd/ops/transpose.ts";
import { recomputeChunks } from "../autograd/recompute.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { Tensor, zeros } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { RecurrenceStream } from "../stream/recurrence-stream.ts";
import { Module, type ModuleOptions } from "./module.ts";
import { checkForwardOptions } from "./recurrent-options.ts";
import { densePacking, type PackedPart, type Packing, packingFor } from "./packing.ts";

/** A state with parts of your own naming, [B, width] each. */
export type CellState = Record<string, Tensor>;

/** One time step: x [B, I] and the state before it, to the output [B, O] and the state after. */
export type CellFunction<S extends CellState> = (x: Tensor, state: S) => { output: Tensor; state: S };

export interface RecurrenceOptions<S extends CellState> extends ModuleOptions {
  /** The cell. It computes with rows that do not know of each other: no mean over the batch, nothing kept between calls. */
  cell: CellFunction<S>;
  /** The width of each part of the state, such as `{ h: 32 }`. */
  state: { readonly [part in keyof S]: number };
  /** The modules that hold the cell's parameters, by name: what is trained, saved and loaded. Default: none. */
  parts?: Readonly<Record<string, Module>>;
  /** Reads each sequence from its own end to its start. Default false. */
  reverse?: boolean;
  /** Inputs and outputs are [B, T, F] instead of [T, B, F]. Default false. */
  batchFirst?: boolean;
}

const rules: OptionRules<RecurrenceOptions<CellState>> = {
  cell: { type: "any", optional: true },
  state: { type: "any", optional: true },
  parts: { type: "any", optional: true },
  reverse: { type: "boolean", default: false },
  batchFirst: { type: "boolean", default: false },
  name: { type: "string", optional: true },
};

/** What `forward` takes besides the input. */
export interface RecurrenceForwardOptions<S extends CellState> {
  /** The state to start from; default: zeros. */
  state?: S;
  /** Valid time steps of each batch row; default: all. What lies beyond is never read, and its outputs are 0. */
  lengths?: readonly number[];
  /**
   * Keeps about every sqrt(T)-th state only and computes the rest again on the way back: the cell is called once more for each step, and
   * has to do the same then. Dropout in it has the masks of the first time. Tensors that it reads from outside must be read at the last step too.
   * Not with `reverse`. Default false.
   */
  recompute?: boolean;
}

/**
 * A recurrence over a cell of your own: a function of tensors, differentiated by the tape.
 *
 *     output_t, state_t = cell(x_t, state_{t-1})
 *
 * Sequences of various lengths are packed as for LSTM and GRU: the cell is called once for each time step with the rows that are still
 * running, fewer towards the end, so padding never reaches it. Parameters: those of `parts`, each with its name and a dot in front.
 *
 * @example
 * const [input, hidden] = [new Linear({ inputSize: 8, outputSize: 32 }), new Linear({ inputSize: 32, outputSize: 32 })];
 * const network = new Recurrence({
 *   state: { h: 32 },
 *   parts: { input, hidden },
 *   cell: (x, { h }) => {
 *     const next = tanh(add(input.forward(x), hidden.forward(h)));
 *     return { output: next, state: { h: next } };
 *   },
 * });
 * const { output, state } = network.forward(zeros([10, 4, 8]), { lengths: [10, 7, 3, 1] });   // [10, 4, 32], { h: [4, 32] }
 */
export class Recurrence<S extends CellState> extends Module {
  readonly options: Required<Omit<RecurrenceOptions<S>, "parts" | "name">>;

  /** @throws HiddenstateError `unknown`, `missing` or `invalid` for options that are none */
  constructor(options: RecurrenceOptions<S>) {
    const where = "new Recurrence";
    const given = options as unknown as RecurrenceOptions<CellState>;
    const { reverse, batchFirst, name } = resolveOptions(where, given, rules);
    if (typeof options.cell !== "function")
      throw refused(where, "cell", options.cell, "a function (x, state) => { output, state }");
    checkWidths(where, options.state);
    super("recurrence", name);
    this.options = { cell: options.cell, state: options.state, reverse, batchFirst };
    for (const [part, module] of Object.entries(options.parts ?? {})) {
      if (!(module instanceof Module)) throw refused(where, `parts.${part}`, module, "a Module, such as a Linear");
      this.part(part, module);
    }
  }

  /**
   * Runs the cell over whole sequences.
   *
   * @param x [T, B, I] (batchFirst: [B, T, I])
   * @returns output [T, B, O] (batchFirst: [B, T, O]), 0 in the padding, and the state after each row's last valid step, [B, width] each. A
   *   row of length 0 keeps its initial state.
   * @throws HiddenstateError `mismatch`, `missing` or `unknown` for a cell that returns another shape than it should, naming part and step;
   *   `mismatch` or `invalid` for shapes, lengths and states that do not fit; `unknown` for options that are none; `unsupported` for `recompute` with `reverse`
   */
  forward(x: Tensor, options: RecurrenceForwardOptions<S> = {}): { output: Tensor; state: S } {
    const where = "recurrence.forward";
    const { batchFirst, reverse } = this.options;
    checkForwardOptions(where, options);
    if (x.shape.length !== 3 || x.shape[batchFirst ? 1 : 0] === 0)
      throw refused(where, "shape of x", x.shape, batchFirst ? "[B, T, I], T at least 1" : "[T, B, I], T at least 1");
    const timeMajor = batchFirst ? transpose(x, [1, 0, 2]) : x;
    const [steps, batch, inputSize] = timeMajor.shape as [number, number, number];
    const packing = options.lengths ? packingFor(where, options.lengths, steps, batch) : densePacking(steps, batch);
    const initial = options.state ?? this.zeroState(batch);
    this.#checkState(where, "state", initial, batch);
    const rows = packing.pack(reshape(timeMajor, [steps * batch, inputSize]));
    const sorted = mapState(initial, (part) => packing.sortState(part));
    const sizes = Array.from({ length: steps }, (_, t) => packing.rowsBefore(t + 1) - packing.rowsBefore(t));
    if (options.recompute && reverse) {
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported recompute with reverse: chunks are computed from the start on; leave one of them out`,
      );
    }
    const { output, state } = options.recompute
      ? this.#runChunks(rows, packing, sizes, sorted)
      : this.#run(rows, sizes, sorted, 0);
    const padded = reshape(packing.unpack(output), [steps, batch, output.shape[1]]);
    return {
      output: batchFirst ? transpose(padded, [1, 0, 2]) : padded,
      state: mapState(state, (part) => packing.unsortState(part)),
    };
  }

  /**
   * One time step.
   * @param x [B, I]
   * @param state the state before; default: zeros
   * @throws HiddenstateError as `forward`
   */
  step(x: Tensor, state?: S): { output: Tensor; state: S } {
    const where = "recurrence.step";
    if (x.shape.length !== 2) throw refused(where, "shape of x", x.shape, "[B, I]");
    const before = state ?? this.zeroState(x.shape[0]);
    if (state) this.#checkState(where, "state", state, x.shape[0]);
    return this.#call(where, x, before, null);
  }

  /**
   * One sequence (or a few side by side) as it comes, step by step: the numbers of `forward`.
   * @param options `rows`: sequences side by side, default 1
   * @throws HiddenstateError `unsupported` with `reverse`, `unknown` or `invalid` for options that are none
   */
  stream(options: { rows?: number } = {}): RecurrenceStream<S> {
    const where = "recurrence.stream";
    if (this.options.reverse) {
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported with reverse, which starts at the end of the sequence; use forward`,
      );
    }
    const { rows } = resolveOptions(where, options, { rows: { type: "integer", min: 1, default: 1 } });
    return new RecurrenceStream<S>(this, rows);
  }

  /** A state of zeros for so many batch rows. */
  zeroState(batch: number): S {
    const widths = Object.entries<number>(this.options.state);
    return Object.fromEntries(widths.map(([part, width]) => [part, zeros([batch, width])])) as S;
  }

  /** All steps, over packed rows: `sizes[t]` rows run at step t, of a part of the sequences that begins at step `start`. */
  #run(x: Tensor, sizes: readonly number[], initial: S, start: number): { output: Tensor; state: S } {
    const { reverse } = this.options;
    let rows = 0;
    const firsts = sizes.map((size) => (rows += size) - size);
    const order = reverse ? sizes.map((_, t) => sizes.length - 1 - t) : sizes.map((_, t) => t);
    const outputs: Tensor[] = sizes.map(() => x);
    // The state of the rows that run, and of those that have ended or not begun, which come after them.
    let state = initial;
    for (const t of order) {
      const count = sizes[t];
      if (count === 0) continue;
      const running = mapState(state, (part) => rowsOf(part, 0, count));
      const xt = slice(x, { start: firsts[t], end: firsts[t] + count });
      const result = this.#call("recurrence.forward", xt, running, start + t);
      outputs[t] = result.output;
      const whole = state;
      state = mapState(result.state, (part, name) => {
        const all = whole[name].shape[0];
        return count === all ? part : concat([part, rowsOf(whole[name], count, all)], 0);
      });
    }
    const parts = outputs.filter((_, t) => sizes[t] > 0);
    // With no valid step at all, one call on no rows tells how wide the output is.
    const none = (): Tensor =>
      this.#call(
        "recurrence.forward",
        slice(x, { end: 0 }),
        mapState(initial, (part) => rowsOf(part, 0, 0)),
        start,
      ).output;
    return { output: parts.length === 0 ? none() : parts.length === 1 ? parts[0] : concat(parts, 0), state };
  }

  #runChunks(x: Tensor, packing: Packing, sizes: readonly number[], initial: S): { output: Tensor; state: S } {
    const names = Object.keys(this.options.state);
    const length = Math.ceil(Math.sqrt(sizes.length));
    const named = (parts: readonly Tensor[]): S => Object.fromEntries(names.map((name, i) => [name, parts[i]])) as S;
    const { output, state } = recomputeChunks({
      chunks: Math.ceil(sizes.length / length),
      rows: packing.rows,
      initial: names.map((name) => initial[name]),
      inputs: [x, ...this.stateDict().values()],
      run: (chunk, before) => {
        const [start, end] = [chunk * length, Math.min((chunk + 1) * length, sizes.length)];
        const part: PackedPart & { firstRow: number } = packing.part(start, end);
        const own = slice(x, { start: part.firstRow, end: part.firstRow + part.rows });
        const result = this.#run(own, sizes.slice(start, end), named(before), start);
        return { output: result.output, state: names.map((name) => result.state[name]) };
      },
    });
    return { output, state: named(state) };
  }

  /** Calls the cell and checks what it gives. */
  #call(where: string, x: Tensor, state: S, time: number | null): { output: Tensor; state: S } {
    const rows = x.shape[0];
    const result = this.options.cell(x, state);
    const at = time === null ? "the cell's" : `the cell's result at step ${time}:`;
    if (!(result?.output instanceof Tensor)) throw refused(where, `${at} output`, result?.output, "a tensor [rows, O]");
    const { shape } = result.output;
    if (shape.length !== 2 || shape[0] !== rows) {
      throw new HiddenstateError(
        "mismatch",
        `${where}: mismatch in ${at} output: got ${shown(shape)}, expected [${rows}, O], a row for each row of x`,
      );
    }
    this.#checkState(where, `${at} state`, result.state, rows);
    return result;
  }

  #checkState(where: string, what: string, state: S, rows: number): void {
    const widths: Readonly<Record<string, number>> = this.options.state;
    for (const [part, width] of Object.entries(widths)) {
      const got: unknown = state?.[part];
      const shape = got instanceof Tensor ? got.shape : undefined;
      if (shape?.length === 2 && shape[0] === rows && shape[1] === width) continue;
      throw new HiddenstateError(
        shape ? "mismatch" : "missing",
        `${where}: ${shape ? "mismatch in" : "missing"} ${what}.${part}: got ${shown(shape ?? got)}, expected ${shown([rows, width])} ` +
          `([rows, width], and the recurrence was made with state: { ${part}: ${width} })`,
      );
    }
    for (const part of Object.keys(state)) {
      if (part in widths) continue;
      throw new HiddenstateError(
        "unknown",
        `${where}: unknown part of ${what}: "${part}"; the recurrence was made with ${Object.keys(widths).join(", ")}`,
      );
    }
  }
}

/** Applies a function to each part of a state. */
function mapState<S extends CellState>(state: S, change: (part: Tensor, name: string) => Tensor): S {
  return Object.fromEntries(Object.entries(state).map(([name, part]) => [name, change(part, name)])) as S;
}

/** Rows `start` up to, not including, `end` of a tensor; itself where those are all. */
function rowsOf(x: Tensor, start: number, end: number): Tensor {
  return start === 0 && end === x.shape[0] ? x : slice(x, { start, end });
}

function checkWidths(where: string, state: unknown): void {
  const widths = typeof state === "object" && state !== null ? Object.entries(state) : [];
  if (widths.length === 0) throw refused(where, "state", state, "the width of each part, such as { h: 32 }");
  for (const [part, width] of widths) {
    if (!Number.isInteger(width) || (width as number) < 1)
      throw refused(where, `state.${part}`, width, "the part's width, a whole number at least 1");
  }
}

function refused(where: string, name: string, got: unknown, expected: string): HiddenstateError {
  return new HiddenstateError("invalid", `${where}: invalid ${name}: got ${shown(got)}, expected ${expected}`);
}
