import type { Cell } from "../autograd/ops/cells.ts";
import type { Tensor } from "../memory/tensor.ts";
import { type AnyRecurrentNetwork, type Numbers, observe, type ObservedLayer } from "./observe.ts";

/** How the values of one gate lie, for each unit. */
export interface GateSummary {
  /** Over all units and steps. */
  mean: number;
  /** Standard deviation over all units and steps. */
  spread: number;
  /** Shares of the values that are saturated: see `gateStatistics`. */
  low: number;
  high: number;
  /** The same for each of the H units, over all steps. */
  units: { mean: number[]; spread: number[]; low: number[]; high: number[] };
  /** Mean over units and batch rows at each time step. */
  overTime: number[];
}

/** Gates and states of one layer and direction. */
export interface LayerGates {
  /** From 0. */
  layer: number;
  direction: "forward" | "reverse";
  /** By the gate's name; the plain RNN has `state` alone. */
  gates: Record<string, GateSummary>;
  /**
   * For how many steps each unit keeps what it holds: 1 / (1 - mean share of the state that a step keeps), which is f in an LSTM, z in a GRU,
   * 1 - z in a minGRU and f / (f + i) in a minLSTM; null for the plain RNN, which has no such gate.
   */
  timeConstants: number[] | null;
  /** Mean and standard deviation of each unit's h. */
  hidden: { mean: number[]; spread: number[] };
  /** Units whose h hardly moves: standard deviation below 0.01. They say the same at every step. */
  constantUnits: number[];
  /** Those of them whose h is near 0 too: below 0.01 on average. They say nothing. */
  deadUnits: number[];
}

/** What gates do on data. */
export interface GateStatistics {
  /** Time steps read, over all sequences. */
  steps: number;
  layers: LayerGates[];
}

/**
 * Statistics of every gate and state of a recurrent network on data: means, spreads, saturation, time constants, units that are stuck.
 *
 * Saturated are values of a sigmoid gate below 0.1 (`low`, shut) and above 0.9 (`high`, open), values of a tanh below -0.9 and above 0.9, and a
 * relu at exactly 0 (`low`; it has no upper end). A saturated gate hardly learns: a sigmoid's derivative is below 0.09 there.
 *
 * A unit with forget gate f keeps a share f^k of its cell state over k steps: (1 - 1/tau)^k with the time constant tau = 1 / (1 - f).
 *
 * Source: Karpathy, Johnson & Fei-Fei 2015, "Visualizing and understanding recurrent networks", section 4.2 (saturation); Tallec & Ollivier 2018, "Can
 * recurrent neural networks warp time?" (time constants).
 *
 * @param runs each calls the network's `forward` once
 * @example
 * const { layers } = gateStatistics(lstm, [() => void lstm.forward(x)]);
 * layers[0].gates.forget.high;     // share of forget gates that are open
 * Math.max(...layers[0].timeConstants);
 */
export function gateStatistics(network: AnyRecurrentNetwork, runs: Iterable<() => Tensor | void>): GateStatistics {
  const meter = new GateMeter(network.cell);
  for (const run of runs) meter.add(observe(network, () => void run()));
  return meter.statistics();
}

/** Below this a unit counts as constant, and as dead. */
const still = 0.01;

/** Adds up gate statistics piece by piece, for whoever must let the event loop turn in between. */
export class GateMeter {
  readonly #cell: Cell;
  readonly #layers: LayerSums[] = [];

  constructor(cell: Cell) {
    this.#cell = cell;
  }

  /** @param start how many time steps of the same sequences were read before */
  add(observed: readonly ObservedLayer[], start = 0): void {
    observed.forEach((layer, i) => (this.#layers[i] ??= new LayerSums(this.#cell, layer)).add(layer, start));
  }

  statistics(): GateStatistics {
    return { steps: this.#layers[0]?.rows ?? 0, layers: this.#layers.map((sums) => sums.statistics()) };
  }
}

class LayerSums {
  rows = 0;
  readonly #place: Pick<LayerGates, "layer" | "direction">;
  readonly #hidden: UnitSums;
  readonly #gates: Map<string, UnitSums>;
  /** The share of the state that stays; null where no gate decides that. */
  readonly #kept: UnitSums | null;
  readonly #cell: Cell;

  constructor(cell: Cell, { layer, direction, hiddenSize, gates }: ObservedLayer) {
    this.#place = { layer, direction };
    this.#hidden = new UnitSums(hiddenSize, -Infinity, Infinity);
    this.#gates = new Map(Object.keys(gates).map((name) => [name, new UnitSums(hiddenSize, ...ends(cell, name))]));
    this.#kept = cell.kind === "rnn" ? null : new UnitSums(hiddenSize, 0, 1);
    this.#cell = cell;
  }

  add(observed: ObservedLayer, start: number): void {
    this.rows += observed.rows;
    this.#hidden.add(observed.hidden, observed, start);
    for (const [name, sums] of this.#gates) sums.add(observed.gates[name], observed, start);
    this.#kept?.add(keptShare(this.#cell, observed.gates)!, observed, start);
  }

  statistics(): LayerGates {
    const { mean, spread } = this.#hidden.summary().units;
    const all = [...mean.keys()];
    const gates = Object.fromEntries([...this.#gates].map(([name, sums]) => [name, sums.summary()]));
    return {
      ...this.#place,
      gates,
      timeConstants: this.#kept && this.#kept.summary().units.mean.map((kept) => 1 / (1 - kept)),
      hidden: { mean, spread },
      constantUnits: all.filter((unit) => spread[unit] < still),
      deadUnits: all.filter((unit) => spread[unit] < still && Math.abs(mean[unit]) < still),
    };
  }
}

/** What share of its state a cell keeps in a step, from its gates; null for the plain RNN. */
function keptShare(cell: Cell, { forget, update, input }: Record<string, Numbers>): Numbers | null {
  switch (cell.kind) {
    case "rnn":
      return null;
    case "lstm":
      return forget;
    case "gru":
      return update;
    case "mingru":
      return update.map((z) => 1 - z);
    case "minlstm":
      return forget.map((f, i) => f / (f + input[i]));
  }
}

/** Where a gate's values count as saturated: up to the first, from the second. */
function ends(cell: Cell, gate: string): [low: number, high: number] {
  if (cell.kind === "rnn" && cell.nonlinearity === "relu") return [0, Infinity];
  if (gate === "candidate" && (cell.kind === "mingru" || cell.kind === "minlstm")) return [-Infinity, Infinity];
  return gate === "candidate" || gate === "state" ? [-0.9, 0.9] : [0.1, 0.9];
}

/** Sums over steps, unit by unit. */
class UnitSums {
  readonly #size: number;
  readonly #lowEnd: number;
  readonly #highEnd: number;
  readonly #sum: Float64Array;
  /** Of the squares of the differences from the first value: numbers close to one another lose nothing. */
  readonly #squares: Float64Array;
  readonly #shifted: Float64Array;
  #first: Numbers | null = null;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #timeSums: number[] = [];
  readonly #timeRows: number[] = [];
  #rows = 0;

  constructor(size: number, lowEnd: number, highEnd: number) {
    this.#size = size;
    this.#lowEnd = lowEnd;
    this.#highEnd = highEnd;
    const zeros = (): Float64Array => new Float64Array(size);
    [this.#sum, this.#squares, this.#shifted, this.#low, this.#high] = [zeros(), zeros(), zeros(), zeros(), zeros()];
  }

  add(values: Numbers, { time, rows }: ObservedLayer, start: number): void {
    const H = this.#size;
    if (rows === 0) return;
    this.#first ??= values.slice(0, H);
    this.#rows += rows;
    for (let row = 0; row < rows; row++) {
      let total = 0;
      for (let unit = 0; unit < H; unit++) {
        const value = values[row * H + unit];
        const difference = value - this.#first[unit];
        total += value;
        this.#sum[unit] += value;
        this.#shifted[unit] += difference;
        this.#squares[unit] += difference * difference;
        if (value <= this.#lowEnd) this.#low[unit]++;
        if (value >= this.#highEnd) this.#high[unit]++;
      }
      const t = start + time[row];
      this.#timeSums[t] = (this.#timeSums[t] ?? 0) + total;
      this.#timeRows[t] = (this.#timeRows[t] ?? 0) + H;
    }
  }

  summary(): GateSummary {
    const rows = this.#rows;
    const each = (of: (unit: number) => number): number[] => Array.from({ length: this.#size }, (_, unit) => of(unit));
    const variance = (unit: number): number =>
      Math.max(0, this.#squares[unit] / rows - (this.#shifted[unit] / rows) ** 2);
    const units = {
      mean: each((unit) => this.#sum[unit] / rows),
      spread: each((unit) => Math.sqrt(variance(unit))),
      low: each((unit) => this.#low[unit] / rows),
      high: each((unit) => this.#high[unit] / rows),
    };
    const average = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const mean = average(units.mean);
    const squares = units.mean.map((value, unit) => variance(unit) + (value - mean) ** 2);
    return {
      mean,
      spread: Math.sqrt(average(squares)),
      low: average(units.low),
      high: average(units.high),
      units,
      overTime: Array.from(this.#timeSums, (sum, t) => sum / this.#timeRows[t]),
    };
  }
}
