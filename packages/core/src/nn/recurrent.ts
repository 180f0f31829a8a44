import type { Cell } from "../autograd/ops/cells.ts";
import { gateCount } from "../autograd/ops/cells.ts";
import { dropout } from "../autograd/ops/dropout.ts";
import { type LayerObserver, type LayerState, recurrentLayer } from "../autograd/ops/recurrent.ts";
import { type DirectionWeights, weightTensors } from "../autograd/ops/recurrent-weights.ts";
import { recomputeChunks } from "../autograd/recompute.ts";
import { concat } from "../autograd/ops/concat.ts";
import { copyDense } from "../autograd/copy.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { transpose } from "../autograd/ops/transpose.ts";
import { recordsFor } from "../autograd/tape.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { randomKey, type WordPair } from "../memory/random.ts";
import { empty, type Tensor, zeros } from "../memory/tensor.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { FloatLayers } from "../stream/float-layers.ts";
import { Int8Layers } from "../stream/int8-layers.ts";
import { RecurrentStream, type StreamOptions, streamRules } from "../stream/recurrent-stream.ts";
import { type LayerStack, RecurrentStep } from "../stream/step.ts";
import { type PoolOptions, poolRules, StreamPool } from "../stream/stream-pool.ts";
import { orthogonal, uniform, xavierUniform } from "./init.ts";
import { Module, type ModuleOptions } from "./module.ts";
import { densePacking, type PackedPart, type Packing, packingFor } from "./packing.ts";

/** Options that RNN, LSTM and GRU share. */
export interface RecurrentOptions extends ModuleOptions {
  /** Width I of each time step's input. */
  inputSize: number;
  /** Width H of the hidden state. */
  hiddenSize: number;
  /** Layers on top of one another. Default 1. */
  layers?: number;
  /** Share of the values dropped between layers while training, 0 up to 1. Default 0. */
  dropout?: number;
  /** A second network runs from each sequence's end to its start; outputs stand side by side. Default false. */
  bidirectional?: boolean;
  /** Whether the gates have biases. Default true. */
  bias?: boolean;
  /** Inputs and outputs are [B, T, F] instead of [T, B, F]. Default false. */
  batchFirst?: boolean;
  /**
   * How parameters start. `"default"`: input weights Xavier, recurrent weights orthogonal, biases 0 (the LSTM's forget gate 1,
   * Jozefowicz et al. 2015); `"pytorch"`: all uniform in +-1/sqrt(H). Default `"default"`.
   */
  init?: "default" | "pytorch";
}

/** The rules behind `RecurrentOptions`. */
export const recurrentRules: OptionRules<RecurrentOptions> = {
  inputSize: { type: "integer", min: 1 },
  hiddenSize: { type: "integer", min: 1 },
  layers: { type: "integer", min: 1, default: 1 },
  dropout: { type: "number", min: 0, below: 1, default: 0 },
  bidirectional: { type: "boolean", default: false },
  bias: { type: "boolean", default: true },
  batchFirst: { type: "boolean", default: false },
  init: { type: "choice", choices: ["default", "pytorch"], default: "default" },
  name: { type: "string", optional: true },
};

/** The state as a plain named value, [L*D, B, H] each. */
export interface RecurrentState {
  h: Tensor;
  /** LSTM only. */
  c?: Tensor;
  /** Transformer only, whose h are keys and values: steps read so far, int32 [B]. */
  positions?: Tensor;
}

/** What `forward` takes besides the input. */
export interface ForwardOptions<S extends RecurrentState> {
  /** The state to start from; default: zeros. */
  state?: S;
  /** Valid time steps of each batch row; default: all. What lies beyond is never read, and its outputs are 0. */
  lengths?: readonly number[];
  /**
   * For long sequences: keeps the state of about every sqrt(T)-th step only and computes the rest again during the backward
   * pass, so that the activations of all layers take O(sqrt(T)) memory instead of O(T), for a second forward pass. Numbers and
   * gradients are the same, but that a weight's gradient is summed in another order (Chen et al. 2016). Not for bidirectional
   * networks. Default false.
   */
  recompute?: boolean;
}

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
  readonly #weights: DirectionWeights[][];
  readonly #ownWeights: Tensor[];
  /** The layers of steps that go on no tape; made for the first. */
  #stack: LayerStack | null = null;

  constructor(cell: Cell, options: Required<RecurrentOptions>) {
    super(cell.kind, options.name);
    this.cell = cell;
    this.options = options;
    this.directions = options.bidirectional ? 2 : 1;
    this.#weights = Array.from({ length: options.layers }, (_, layer) =>
      Array.from({ length: this.directions }, (_unused, direction) => this.#makeWeights(layer, direction)),
    );
    this.#ownWeights = this.#weights.flat().flatMap(weightTensors);
  }

  /**
   * Runs the network over whole sequences.
   *
   * @param x [T, B, I] (batchFirst: [B, T, I])
   * @returns output [T, B, D*H] (batchFirst: [B, T, D*H]), the last layer's h at every step, 0 in the padding; and the state after
   *   each row's last valid step, [L*D, B, H]. A row of length 0 keeps its initial state.
   * @throws HiddenstateError `mismatch` or `invalid` for shapes, lengths and states that do not fit, `unsupported` for `recompute`
   *   of a bidirectional network
   */
  forward(x: Tensor, options: ForwardOptions<S> = {}): { output: Tensor; state: S } {
    const { batchFirst, inputSize } = this.options;
    if (x.shape.length !== 3 || x.shape[2] !== inputSize)
      this.#refuseInput("forward", x, batchFirst ? "[B, T," : "[T, B,");
    const timeMajor = batchFirst ? transpose(x, [1, 0, 2]) : x;
    const [steps, batch] = timeMajor.shape as [number, number, number];
    const where = `${this.cell.kind}.forward`;
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
   * @param state the state before; default: zeros
   * @returns output [B, H] and the state after
   * @throws HiddenstateError `unsupported` for a bidirectional network, which needs the whole sequence
   */
  step(x: Tensor, state?: S): { output: Tensor; state: S } {
    const where = `${this.cell.kind}.step`;
    this.#refuseBidirectional(where);
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
    const [, batch, hiddenSize] = before.h.shape as [number, number, number];
    const stack = (this.#stack ??= this.layerStack(`${this.cell.kind}.step`, "float32"));
    stack.reserve(batch);
    const state: RecurrentState = { h: copyOf(before.h) };
    if (before.c) state.c = copyOf(before.c);
    stack.run(x.offset, batch, state.h.offset, state.c?.offset ?? 0);
    // The last layer's h, which nobody writes to again.
    const output = state.h.view([batch, hiddenSize], state.h.size - batch * hiddenSize);
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
    const ofLayers = this.#weights.map(([forward]) => forward);
    return weights === "int8" ? new Int8Layers(this.cell, ofLayers) : new FloatLayers(this.cell, ofLayers);
  }

  /** A state of zeros for so many batch rows, [L*D, B, H]. */
  zeroState(batch: number): S {
    const shape = this.#stateShape(batch);
    const state: RecurrentState =
      this.cell.kind === "lstm" ? { h: zeros(shape), c: zeros(shape) } : { h: zeros(shape) };
    return state as S;
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

  /** The key of the dropout mask above each layer but the last, or null where there is no dropout now. */
  #drawMasks(): WordPair[] | null {
    const { layers, dropout: rate } = this.options;
    if (rate === 0 || !this.training) return null;
    return Array.from({ length: layers - 1 }, (_, layer) => {
      const use = `dropout_l${layer}`;
      return randomKey(this.seed, "dropout", `${this.name}.${use}`, this.nextDraw(use));
    });
  }

  #runLayers(x: Tensor, packing: PackedPart, initial: S, masks: WordPair[] | null): { output: Tensor; state: S } {
    const { layers, dropout: rate } = this.options;
    const directions = this.directions;
    const finals: LayerState[] = [];
    let output = x;
    for (let layer = 0; layer < layers; layer++) {
      const part = (state: Tensor): Tensor =>
        layers === 1 ? state : slice(state, { axis: 0, start: layer * directions, end: (layer + 1) * directions });
      const layerState = { h: part(initial.h), c: initial.c ? part(initial.c) : null };
      const observer = this.observer?.layer(layer, packing) ?? null;
      const result = recurrentLayer(this.cell, output, packing, layerState, this.#weights[layer], observer);
      finals.push(result.state);
      output = result.output;
      if (masks && layer < layers - 1) output = dropout(output, rate, masks[layer], packing.rowIds, packing.batch);
    }
    const joined = (pick: (state: LayerState) => Tensor): Tensor =>
      layers === 1 ? pick(finals[0]) : concat(finals.map(pick), 0);
    const state: RecurrentState = { h: joined((final) => final.h) };
    if (initial.c) state.c = joined((final) => final.c!);
    return { output, state: state as S };
  }

  #makeWeights(layer: number, direction: number): DirectionWeights {
    const { inputSize, hiddenSize, bias, init } = this.options;
    const suffix = `l${layer}${direction === 1 ? "_reverse" : ""}`;
    const gates = gateCount(this.cell);
    const rows = gates * hiddenSize;
    const inputs = layer === 0 ? inputSize : hiddenSize * this.directions;
    const bound = 1 / Math.sqrt(hiddenSize);
    const make = (name: string, start: (key: { seed: number; path: string }) => Tensor): Tensor => {
      const key = { seed: this.seed, path: `${this.name}.${name}` };
      return this.parameter(name, init === "pytorch" ? uniform(start(key).shape, bound, key) : start(key));
    };
    return {
      weightIh: make(`weight_ih_${suffix}`, (key) => xavierUniform([rows, inputs], gates, key)),
      weightHh: make(`weight_hh_${suffix}`, (key) => orthogonal([rows, hiddenSize], gates, key)),
      biasIh: bias ? make(`bias_ih_${suffix}`, () => this.#startingBias(rows)) : null,
      biasHh: bias ? make(`bias_hh_${suffix}`, () => zeros([rows])) : null,
    };
  }

  /** Zeros, and 1 for the LSTM's forget gate, which is the second. */
  #startingBias(rows: number): Tensor {
    const start = zeros([rows]);
    if (this.cell.kind === "lstm") {
      const { hiddenSize } = this.options;
      start.assign(Float32Array.from({ length: rows }, (_, i) => Number(Math.floor(i / hiddenSize) === 1)));
    }
    return start;
  }

  #initialState(where: string, state: S | undefined, batch: number): S {
    if (!state) return this.zeroState(batch);
    const expected = this.#stateShape(batch);
    const parts = this.cell.kind === "lstm" ? (["h", "c"] as const) : (["h"] as const);
    for (const part of parts) {
      const got = (state as RecurrentState)[part];
      if (got?.shape.join() !== expected.join()) {
        throw new HiddenstateError(
          got ? "mismatch" : "missing",
          `${where}: ${got ? "mismatch in" : "missing"} state.${part}: got ${shown(got?.shape)}, expected ${shown(expected)} ` +
            "([layers * directions, B, hiddenSize])",
        );
      }
    }
    return state;
  }

  #stateShape(batch: number): number[] {
    return [this.options.layers * this.directions, batch, this.options.hiddenSize];
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

function copyOf(x: Tensor): Tensor {
  const copy = empty(x.shape);
  copyDense(copy.offset, x.offset, x.size);
  return copy;
}
