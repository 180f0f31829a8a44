import { runBackward } from "../autograd/backward.ts";
import { type Cell, gateCount } from "../autograd/ops/cells.ts";
import type { KeptStates, LayerObserver, LayerState } from "../autograd/ops/recurrent.ts";
import { HiddenstateError } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { scope } from "../memory/scope.ts";
import { empty, type Tensor } from "../memory/tensor.ts";
import type { PackedPart } from "../nn/packing.ts";
import type { RecurrentState } from "../nn/recurrent-options.ts";
import type { NetworkObserver, RecurrentNetwork } from "../nn/recurrent.ts";

/** Numbers in the engine's own precision. */
export type Numbers = Float32Array | Float64Array;

/** Any recurrent network. */
export type AnyRecurrentNetwork = RecurrentNetwork<RecurrentState>;

/** Names of a cell's gates, in the order of its parameters; the plain RNN's only one is its state itself. */
export function gateNames(cell: Cell): string[] {
  return {
    rnn: ["state"],
    lstm: cell.features?.coupledGates ? ["forget", "candidate", "output"] : ["input", "forget", "candidate", "output"],
    gru: ["reset", "update", "candidate"],
    mingru: ["update", "candidate"],
    minlstm: ["forget", "input", "candidate"],
  }[cell.kind];
}

/** One layer and direction, at every (batch row, time) pair that is no padding: N rows, in the order in which they are computed. */
export interface ObservedLayer {
  layer: number;
  direction: "forward" | "reverse";
  /** H */
  hiddenSize: number;
  /** N */
  rows: number;
  /** Batch row and time step of each of the N rows. */
  batchRow: Int32Array;
  time: Int32Array;
  /** Activated gates by name, [N, H] each. */
  gates: Record<string, Numbers>;
  /** h and (LSTM) c after each step, [N, H]. */
  hidden: Numbers;
  cell: Numbers | null;
  /** All of dL/dh and (LSTM) dL/dc of each step, [N, H]; null where nothing went back. */
  hiddenGradient: Numbers | null;
  cellGradient: Numbers | null;
}

/**
 * Runs a computation and reads what happens in a recurrent network inside it: gates and states of every step, and, where the
 * computation gives a loss, the gradients of the loss with respect to them. The kernels of training write all of it; nothing is computed a
 * second way. Nobody's `.grad` changes.
 *
 * dL/dh_t is the whole derivative: through the next step and through whatever reads h_t (the layer above, the output). So is dL/dc_t, which
 * contains what comes through h_t.
 *
 * @param run calls the network's `forward` once; a returned tensor of one element is a loss to go back from
 * @returns the layers, first to last, the forward direction before the reverse one
 * @throws HiddenstateError `invalid` where the network's `forward` was not called exactly once
 * @example
 * const [layer] = observe(lstm, () => sum(lstm.forward(x).output));
 * layer.gates.forget;      // [T * B, H]
 * layer.hiddenGradient;    // [T * B, H]
 */
export function observe(network: AnyRecurrentNetwork, run: () => Tensor | void): ObservedLayer[] {
  if (network.options.projection > 0) {
    throw new HiddenstateError(
      "unsupported",
      "observe: unsupported network with a projection, whose h is narrower than its gates: inspect one with projection 0",
    );
  }
  const observer = new Observer(network);
  const before = network.observer;
  network.observer = observer;
  try {
    return scope(() => {
      const loss = run();
      observer.check();
      if (loss) runBackward(loss, new Set());
      return observer.layers.flatMap((layer) => layer.read());
    });
  } finally {
    network.observer = before;
  }
}

class Observer implements NetworkObserver {
  readonly layers: WatchedLayer[] = [];
  readonly #network: AnyRecurrentNetwork;

  constructor(network: AnyRecurrentNetwork) {
    this.#network = network;
  }

  layer(layer: number, rows: PackedPart): LayerObserver {
    const watched = new WatchedLayer(this.#network, layer, rows);
    this.layers.push(watched);
    return watched;
  }

  check(): void {
    const calls = this.layers.length / this.#network.options.layers;
    if (calls === 1) return;
    throw new HiddenstateError(
      "invalid",
      `observe: invalid computation: it ran the network's forward ${calls} times, expected once; ` +
        "observe the network that it runs, and each of its runs by itself",
    );
  }
}

/** What one direction left. */
interface WatchedDirection {
  gates: Tensor;
  hiddenBefore: Tensor;
  cellBefore: Tensor | null;
  final: LayerState;
  gradients: { hidden: Tensor; cell: Tensor | null } | null;
}

class WatchedLayer implements LayerObserver {
  readonly #cell: Cell;
  readonly #hiddenSize: number;
  readonly #layer: number;
  readonly #packed: PackedPart;
  readonly #directions: WatchedDirection[] = [];

  constructor({ cell, options }: AnyRecurrentNetwork, layer: number, packed: PackedPart) {
    this.#cell = cell;
    this.#hiddenSize = options.hiddenSize;
    this.#layer = layer;
    this.#packed = packed;
  }

  ran(direction: number, kept: KeptStates, final: LayerState): void {
    const gates = gateCount(this.#cell);
    const { rows } = this.#packed;
    const out = empty([rows, gates * this.#hiddenSize]);
    const { kernels } = runtime().kernelSet;
    kernels.unpackGates({
      out: out.offset,
      slab: kept.gates.offset,
      rows,
      gates,
      hiddenSize: this.#hiddenSize,
    });
    // Views hold on to the memory when the operation lets go of it.
    const held = (tensor: Tensor): Tensor => tensor.view(tensor.shape);
    this.#directions[direction] = {
      gates: out,
      hiddenBefore: held(kept.previousHidden),
      cellBefore: kept.previousCell && held(kept.previousCell),
      final,
      gradients: null,
    };
  }

  gradients(direction: number): { hidden: Tensor; cell: Tensor | null } {
    const shape = [this.#packed.rows, this.#hiddenSize];
    const gradients = { hidden: empty(shape), cell: this.#cell.kind === "lstm" ? empty(shape) : null };
    this.#directions[direction].gradients = gradients;
    return gradients;
  }

  read(): ObservedLayer[] {
    const { rows, batch } = this.#packed;
    const ids = this.#packed.rowIds?.exactDataSync();
    const batchRow = Int32Array.from({ length: rows }, (_, row) => (ids ? ids[2 * row] : row % batch));
    const time = Int32Array.from({ length: rows }, (_, row) => (ids ? ids[2 * row + 1] : Math.floor(row / batch)));
    return this.#directions.map((watched, d): ObservedLayer => {
      const after = this.#rowAfter(d === 1);
      const states = (before: Tensor, final: Tensor): Numbers => {
        const size = batch * this.#hiddenSize;
        return this.#statesAfter(before.exactDataSync(), final.exactDataSync().subarray(d * size), after);
      };
      return {
        layer: this.#layer,
        direction: d === 1 ? "reverse" : "forward",
        hiddenSize: this.#hiddenSize,
        rows,
        batchRow,
        time,
        gates: this.#gatesByName(watched.gates.exactDataSync()),
        hidden: states(watched.hiddenBefore, watched.final.h),
        cell: watched.cellBefore && states(watched.cellBefore, watched.final.c!),
        hiddenGradient: watched.gradients?.hidden.exactDataSync() ?? null,
        cellGradient: watched.gradients?.cell?.exactDataSync() ?? null,
      };
    });
  }

  #gatesByName(all: Numbers): Record<string, Numbers> {
    const { rows } = this.#packed;
    const [H, names] = [this.#hiddenSize, gateNames(this.#cell)];
    const entries = names.map((name, gate): [string, Numbers] => {
      const values = new (all.constructor as Float32ArrayConstructor)(rows * H);
      for (let row = 0; row < rows; row++) {
        const start = (row * names.length + gate) * H;
        values.set(all.subarray(start, start + H), row * H);
      }
      return [name, values];
    });
    return Object.fromEntries(entries);
  }

  /**
   * For each row the one of the same sequence's next step, or -1 - b after the last of sorted batch row b. A state before a step is the
   * state after the step before.
   */
  #rowAfter(reverse: boolean): Int32Array {
    const sizes = this.#packed.batchSizes.exactDataSync();
    const after = new Int32Array(this.#packed.rows);
    let first = 0;
    for (let t = 0; t < sizes.length; first += sizes[t++]) {
      for (let b = 0; b < sizes[t]; b++) {
        if (reverse) after[first + b] = t === 0 ? -1 - b : first - sizes[t - 1] + b;
        else after[first + b] = b < (sizes[t + 1] ?? 0) ? first + sizes[t] + b : -1 - b;
      }
    }
    return after;
  }

  #statesAfter(before: Numbers, final: Numbers, rowAfter: Int32Array): Numbers {
    const H = this.#hiddenSize;
    const result = before.slice();
    rowAfter.forEach((after, row) => {
      const state =
        after >= 0 ? before.subarray(after * H, (after + 1) * H) : final.subarray((-1 - after) * H, -after * H);
      result.set(state, row * H);
    });
    return result;
  }
}
