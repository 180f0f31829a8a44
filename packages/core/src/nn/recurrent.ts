import { add } from "../autograd/ops/binary.ts";
import { cellLayer } from "../autograd/ops/cell-layer.ts";
import { type CellWeights, cellTensors } from "../autograd/ops/cell-weights.ts";
import { type Cell, isPlain } from "../autograd/ops/cells.ts";
import { dropout } from "../autograd/ops/dropout.ts";
import { type LayerObserver, type LayerState, recurrentLayer } from "../autograd/ops/recurrent.ts";
import type { DirectionWeights } from "../autograd/ops/recurrent-weights.ts";
import { recomputeChunks } from "../autograd/recompute.ts";
import { checkOperand } from "../autograd/ops/operands.ts";
import { concat } from "../autograd/ops/concat.ts";
import { copyDense } from "../autograd/copy.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { transpose } from "../autograd/ops/transpose.ts";
import { recordsFor } from "../autograd/tape.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { randomKey } from "../memory/random.ts";
import { empty, type Tensor, zeros } from "../memory/tensor.ts";
import { resolveOptions } from "../options.ts";
import { OptionLayers } from "../stream/option-layers.ts";
import { FloatLayers } from "../stream/float-layers.ts";
import { Int8Layers } from "../stream/int8-layers.ts";
import { RecurrentStream, type StreamOptions, streamRules } from "../stream/recurrent-stream.ts";
import { type LayerStack, RecurrentStep, type StateNumbers } from "../stream/step.ts";
import { type PoolOptions, poolRules, StreamPool } from "../stream/stream-pool.ts";
import { cellFeatures, checkCellOptions } from "./cell-options.ts";
import { cellParameters } from "./cell-parameters.ts";
import { Module } from "./module.ts";
import { densePacking, type PackedPart, type Packing, packingFor } from "./packing.ts";
import { drawMaskKeys, type MaskKeys, suffixOf, writeMasks } from "./recurrent-masks.ts";
import {
  checkForwardOptions,
  type ForwardOptions,
  type RecurrentOptions,
  type RecurrentState,
} from "./recurrent-options.ts";

/** Who looks at a network's layers while `forward` runs: inspection. */
export interface NetworkObserver {
  layer(layer: number, rows: PackedPart): LayerObserver;
}

/** Layers of one cell, in one or both directions: the recurrence that RNN, LSTM and GRU share. */
export abstract class RecurrentNetwork<S extends RecurrentState> extends Module {
  readonly options: Required<RecurrentOptions>;
  readonly cell: Cell;
  /** D: 2 when bidirectional, else 1. */
  readonly directions: 1 | 2;
  /** Looks at every `forward` while it is there: set by `observe`. */
  observer: NetworkObserver | null = null;
  /** Width of the output, D*H, with a projection D*P. */
  readonly outputSize: number;
  readonly #weights: CellWeights[][];
  /** The learned state to start from, [L*D, H] each. */
  readonly #learned: RecurrentState | null;
  readonly #ownWeights: Tensor[];
  /** The layers of steps that go on no tape; made for the first. */
  #stack: LayerStack | null = null;

  constructor(cell: Cell, options: Required<RecurrentOptions>) {
    super(cell.kind, options.name);
    checkCellOptions(`new ${classNames[cell.kind]}`, cell, options);
    const features = cellFeatures(options);
    this.cell = features ? { ...cell, features } : cell;
    this.options = options;
    this.directions = options.bidirectional ? 2 : 1;
    this.outputSize = this.directions * this.#stateWidth("h");
    this.#weights = Array.from({ length: options.layers }, (_, layer) =>
      Array.from({ length: this.directions }, (_unused, direction) => this.#makeWeights(layer, direction)),
    );
    this.#learned = options.learnedState ? this.#learnedState() : null;
    const learned = Object.values(this.#learned ?? {}) as Tensor[];
    this.#ownWeights = [...this.#weights.flat().flatMap(cellTensors), ...learned];
  }

  /**
   * Runs the network over whole sequences.
   *
   * @param x [T, B, I] (batchFirst: [B, T, I])
   * @returns output [T, B, D*H] (batchFirst: [B, T, D*H]), the last layer's h at every step (residual: the sum of the layers'), 0 in the
   *   padding; and the state after each row's last valid step, [L*D, B, H]. With a projection P stands for H, but in c. A row of length 0 keeps its initial state.
   * @throws HiddenstateError `mismatch` or `invalid` for shapes, lengths and states that do not fit, `unknown` for options that are none,
   *   `unsupported` for `recompute` of a bidirectional network
   */
  forward(x: Tensor, options: ForwardOptions<S> = {}): { output: Tensor; state: S } {
    const { batchFirst, inputSize } = this.options;
    const where = `${this.cell.kind}.forward`;
    checkForwardOptions(where, options);
    checkOperand(where, "x", x);
    if (x.shape.length !== 3 || x.shape[2] !== inputSize)
      this.#refuseInput("forward", x, batchFirst ? "[B, T," : "[T, B,");
    const timeMajor = batchFirst ? transpose(x, [1, 0, 2]) : x;
    const [steps, batch] = timeMajor.shape as [number, number, number];
    const packing = options.lengths ? packingFor(where, options.lengths, steps, batch) : densePacking(steps, batch);
    const initial = this.#initialState(where, options.state, batch);
    const rows = packing.pack(reshape(timeMajor, [steps * batch, inputSize]));
    const sorted = this.#mapState(initial, (part) => packing.sortState(part));
    if (this.observer && !sorted.h.requiresGrad) {
      // So that there is a way back to look at, also where all parameters are frozen.
      sorted.h = sorted.h.detach();
      sorted.h.requiresGrad = true;
    }
    const { output, state } = options.recompute
      ? this.#runChunks(rows, packing, sorted)
      : this.#runLayers(rows, packing, sorted, this.#drawMasks());
    const padded = reshape(packing.unpack(output), [steps, batch, output.shape[1]]);
    return {
      output: batchFirst ? transpose(padded, [1, 0, 2]) : padded,
      state: this.#mapState(state, (part) => packing.unsortState(part)),
    };
  }

  /**
   * One time step: the same numbers, bit for bit, as `forward` over the whole sequence. On the tape, as every operation.
   *
   * @param x [B, I]
   * @param state the state before; default: zeros, or what was learned
   * @returns output [B, H] and the state after
   * @throws HiddenstateError `unsupported` for a bidirectional network, which needs the whole sequence, and while training with
   *   `variational`: a step does not know which sequence it is of
   */
  step(x: Tensor, state?: S): { output: Tensor; state: S } {
    const where = `${this.cell.kind}.step`;
    this.#refuseBidirectional(where);
    if (this.training && this.options.variational) {
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported while training with variational: one mask lasts for a whole sequence, and a step does not know which ` +
          "it is of; use forward, call eval() first, or leave variational out (a new mask at each step)",
      );
    }
    checkOperand(where, "x", x);
    if (x.shape.length !== 2 || x.shape[1] !== this.options.inputSize) this.#refuseInput("step", x, "[B,");
    const batch = x.shape[0];
    const masks = this.#drawMasks();
    const initial = this.#initialState(where, state, batch);
    const { h, c } = initial as RecurrentState;
    const onTape = masks !== null || recordsFor(c ? [x, h, c] : [x, h]) || recordsFor(this.#ownWeights);
    return onTape ? this.#runLayers(x, densePacking(1, batch), initial, masks) : this.#stepOffTape(x, { h, c });
  }

  /** What goes on no tape needs nothing in between: a stream's step, on a copy of the state. */
  #stepOffTape(x: Tensor, before: RecurrentState): { output: Tensor; state: S } {
    const [, batch, width] = before.h.shape as [number, number, number];
    const stack = (this.#stack ??= this.layerStack(`${this.cell.kind}.step`, "float32"));
    stack.reserve(batch);
    const state: RecurrentState = { h: copyOf(before.h) };
    if (before.c) state.c = copyOf(before.c);
    const at = stack.run(x.offset, batch, state.h.offset, state.c?.offset ?? 0);
    // Numbers of its own, though they may be the last layer's h: a change of one is none of the other.
    const output = empty([batch, width]);
    copyDense(output.offset, at, output.size);
    return { output, state: state as S };
  }

  /**
   * One sequence (or a few side by side) as it comes, step by step: the same numbers, bit for bit, as `forward` over the whole
   * sequence. Allocates nothing after its first step.
   *
   * @throws HiddenstateError `unsupported` for a bidirectional network, `unknown` or `invalid` for options that are none
   * @example
   * const stream = lstm.stream();
   * for (const x of sensor) console.log(stream.push(x));
   */
  stream(options: StreamOptions = {}): RecurrentStream {
    const where = `${this.cell.kind}.stream`;
    const { rows, weights } = resolveOptions(where, options, streamRules);
    return new RecurrentStream(where, new RecurrentStep(this.layerStack(where, weights)), rows);
  }

  /**
   * Many independent streams, any of which advance together in one batched step.
   *
   * @throws HiddenstateError `unsupported` for a bidirectional network, `unknown` or `invalid` for options that are none
   */
  pool(options: PoolOptions = {}): StreamPool {
    const where = `${this.cell.kind}.pool`;
    const { capacity, weights } = resolveOptions(where, options, poolRules);
    return new StreamPool(where, new RecurrentStep(this.layerStack(where, weights)), capacity);
  }

  /** The layers of a stream over this network, of this module's or of a model that it is a part of. */
  layerStack(where: string, weights: "float32" | "int8"): LayerStack {
    this.#refuseBidirectional(where);
    const { cell } = this;
    const ofLayers = this.#weights.map(([forward]) => forward);
    // 8 bits are a copy made now, and so is what its states start from; floats follow the network.
    const copied = this.#learned && weights === "int8" ? this.#startNumbers() : null;
    const options = {
      residual: this.options.residual,
      start: this.#learned && ((): StateNumbers => copied ?? this.#startNumbers()),
    };
    if (isPlain(cell)) {
      const Layers = weights === "int8" ? Int8Layers : FloatLayers;
      return new Layers(cell, ofLayers as DirectionWeights[], options);
    }
    if (weights === "int8") {
      throw new HiddenstateError(
        "unsupported",
        `${where}: unsupported weights "int8" for this cell: 8 bits are for RNN, LSTM and GRU without options inside the cell; use ` +
          'weights "float32"',
      );
    }
    return new OptionLayers(cell, ofLayers, options);
  }

  /** A state of zeros for so many batch rows, [L*D, B, H] (h with a projection: P). */
  zeroState(batch: number): S {
    return this.#stateOf((part) => zeros(this.#stateShape(part, batch)));
  }

  /** The state of a sequence that begins, for so many batch rows: zeros, or what was learned. */
  startState(batch: number): S {
    const learned = this.#learned;
    if (!learned) return this.zeroState(batch);
    return this.#stateOf((part) => {
      const [layers, , width] = this.#stateShape(part, batch);
      return add(reshape(learned[part]!, [layers, 1, width]), zeros([layers, batch, width]));
    });
  }

  /** As `#runLayers`, in chunks of about sqrt(T) steps whose activations are computed again on the way back. */
  #runChunks(x: Tensor, packing: Packing, initial: S): { output: Tensor; state: S } {
    if (this.observer) {
      throw new HiddenstateError(
        "unsupported",
        `${this.cell.kind}.forward: unsupported recompute while the network is observed: its chunks end before anybody can look; ` +
          "leave recompute out",
      );
    }
    if (this.directions === 2) {
      throw new HiddenstateError(
        "unsupported",
        `${this.cell.kind}.forward: unsupported recompute for a bidirectional network: its directions meet at every layer and ` +
          "step, so no chunk can be computed alone; leave recompute out, or use a network with bidirectional: false",
      );
    }
    const masks = this.#drawMasks();
    const length = Math.max(1, Math.ceil(Math.sqrt(packing.steps)));
    const { output, state } = recomputeChunks({
      chunks: Math.max(1, Math.ceil(packing.steps / length)),
      rows: packing.rows,
      initial: Object.values(initial) as Tensor[],
      inputs: [x, ...this.stateDict().values()],
      run: (chunk, [h, c]) => {
        const part = packing.part(chunk * length, Math.min((chunk + 1) * length, packing.steps));
        const partX = slice(x, { start: part.firstRow, end: part.firstRow + part.rows });
        const result = this.#runLayers(partX, part, (c ? { h, c } : { h }) as RecurrentState as S, masks);
        return { output: result.output, state: Object.values(result.state) as Tensor[] };
      },
    });
    const [h, c] = state;
    return { output, state: (c ? { h, c } : { h }) as RecurrentState as S };
  }

  /** The keys of all dropout masks, or null where there is no dropout now. */
  #drawMasks(): MaskKeys | null {
    if (!this.training) return null;
    return drawMaskKeys(this.options, this.directions, (use) =>
      randomKey(this.seed, "dropout", `${this.name}.${use}`, this.nextDraw(use)),
    );
  }

  #runLayers(x: Tensor, packing: PackedPart, initial: S, masks: MaskKeys | null): { output: Tensor; state: S } {
    const { layers, dropout: rate, residual } = this.options;
    const directions = this.directions;
    const finals: LayerState[] = [];
    let output = x;
    for (let layer = 0; layer < layers; layer++) {
      const part = (state: Tensor): Tensor =>
        layers === 1 ? state : slice(state, { axis: 0, start: layer * directions, end: (layer + 1) * directions });
      const layerState = { h: part(initial.h), c: initial.c ? part(initial.c) : null };
      const between = layer > 0 ? masks?.between?.[layer - 1] : undefined;
      const input = between ? dropout(output, rate, between, packing.rowIds, packing.batch) : output;
      const result = this.#runLayer(layer, input, packing, layerState, masks);
      finals.push(result.state);
      output = residual && layer > 0 ? add(output, result.output) : result.output;
    }
    const joined = (pick: (state: LayerState) => Tensor): Tensor =>
      layers === 1 ? pick(finals[0]) : concat(finals.map(pick), 0);
    const state: RecurrentState = { h: joined((final) => final.h) };
    if (initial.c) state.c = joined((final) => final.c!);
    return { output, state: state as S };
  }

  #runLayer(
    layer: number,
    x: Tensor,
    packing: PackedPart,
    state: LayerState,
    masks: MaskKeys | null,
  ): { output: Tensor; state: LayerState } {
    const { cell } = this;
    const weights = this.#weights[layer];
    const observer = this.observer?.layer(layer, packing) ?? null;
    if (isPlain(cell)) return recurrentLayer(cell, x, packing, state, weights as DirectionWeights[], observer);
    const drawn = masks?.inside ? writeMasks(masks.inside[layer], this.options, packing) : null;
    return cellLayer(cell, x, packing, state, weights, drawn, observer);
  }

  #makeWeights(layer: number, direction: number): CellWeights {
    const { inputSize, hiddenSize, bias, init } = this.options;
    const plan = { suffix: suffixOf(layer, direction), hiddenSize, bias, init };
    const inputs = layer === 0 ? inputSize : this.outputSize;
    return cellParameters(this.cell, { ...plan, inputSize: inputs }, (name, start) =>
      this.parameter(name, start({ seed: this.seed, path: `${this.name}.${name}` })),
    );
  }

  #learnedState(): RecurrentState {
    return this.#stateOf((part) => {
      const [layers, , width] = this.#stateShape(part, 1);
      return this.parameter(`initial_${part}`, zeros([layers, width]));
    });
  }

  #startNumbers(): StateNumbers {
    const { h, c } = this.#learned!;
    return { h: h.exactDataSync(), c: c?.exactDataSync() ?? [] };
  }

  #initialState(where: string, state: S | undefined, batch: number): S {
    if (!state) return this.startState(batch);
    for (const part of this.#stateParts()) {
      const expected = this.#stateShape(part, batch);
      const got = (state as RecurrentState)[part];
      if (got?.shape.join() !== expected.join()) {
        throw new HiddenstateError(
          got ? "mismatch" : "missing",
          `${where}: ${got ? "mismatch in" : "missing"} state.${part}: got ${shown(got?.shape)}, expected ${shown(expected)} ` +
            `([layers * directions, B, ${part === "h" && this.options.projection ? "projection" : "hiddenSize"}])`,
        );
      }
      checkOperand(where, `state.${part}`, got);
    }
    return state;
  }

  #stateParts(): readonly ("h" | "c")[] {
    return this.cell.kind === "lstm" ? ["h", "c"] : ["h"];
  }

  #stateOf(make: (part: "h" | "c") => Tensor): S {
    return Object.fromEntries(this.#stateParts().map((part) => [part, make(part)])) as unknown as S;
  }

  #stateWidth(part: "h" | "c"): number {
    const { hiddenSize, projection } = this.options;
    return part === "h" && projection ? projection : hiddenSize;
  }

  #stateShape(part: "h" | "c", batch: number): [number, number, number] {
    return [this.options.layers * this.directions, batch, this.#stateWidth(part)];
  }

  /** Applies a change of row order to each part of a state, seen as [layers * B, H]. */
  #mapState(state: S, change: (part: Tensor) => Tensor): S {
    const changed = (part: Tensor): Tensor => {
      const [layers, batch, hiddenSize] = part.shape as [number, number, number];
      return reshape(change(reshape(part, [layers * batch, hiddenSize])), part.shape);
    };
    const result: RecurrentState = { h: changed(state.h) };
    if (state.c) result.c = changed(state.c);
    return result as S;
  }

  #refuseBidirectional(where: string): void {
    if (this.directions === 1) return;
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported for a bidirectional network, whose reverse direction starts at the end of the sequence; use forward, ` +
        "or a network with bidirectional: false",
    );
  }

  #refuseInput(call: string, x: Tensor, axes: string): never {
    const { inputSize } = this.options;
    throw new HiddenstateError(
      "mismatch",
      `${this.cell.kind}.${call}: mismatch in x: got ${shown(x.shape)}, expected ${axes} ${inputSize}] (inputSize ${inputSize})`,
    );
  }
}

/** What the options of the modules are made by: their names in errors. */
export const classNames = { rnn: "RNN", lstm: "LSTM", gru: "GRU", mingru: "MinGRU", minlstm: "MinLSTM" } as const;

function copyOf(x: Tensor): Tensor {
  const copy = empty(x.shape);
  copyDense(copy.offset, x.offset, x.size);
  return copy;
}
