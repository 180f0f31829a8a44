import { HiddenstateError, shown } from "../errors.ts";
import type { Tensor } from "../memory/tensor.ts";
import { type AnyRecurrentNetwork, type Numbers, observe, type ObservedLayer } from "./observe.ts";

/** The gradient's way back through one layer and direction. */
export interface LayerFlow {
  /** From 0. */
  layer: number;
  direction: "forward" | "reverse";
  /** Mean of |dL_t/dh_{t-k}|, k = 0, 1, ...; NaN where no row reaches so far back. */
  hidden: number[];
  /** LSTM: mean of |dL_t/dc_{t-k}|. */
  cell: number[] | null;
  /** How many rows each mean is over. */
  rows: number[];
}

/** The gradient's way back through time. */
export interface GradientFlow {
  /** Largest lag measured. */
  lags: number;
  layers: LayerFlow[];
}

/** What a gradient flow is measured on. */
export interface GradientFlowRun {
  /**
   * Calls the network's `forward` once and gives the sum over batch rows of each row's loss. Rows must not meet (no batch
   * normalisation): then the gradient of the sum with respect to a row's states is the gradient of that row's loss.
   */
  loss: () => Tensor;
  /**
   * The time step of each batch row at which its loss is, from which lags are counted. Default: each row's last step; for the reverse
   * direction, whose past is what comes after, its first.
   */
  positions?: readonly number[];
}

/**
 * How strongly a loss at one time depends on the states k steps before, for each layer and direction of a recurrent network.
 *
 *     flow(k) = mean over rows of || dL_t / dh_{t-k} ||_2,   for the LSTM also || dL_t / dc_{t-k} ||_2
 *
 * with L_t the loss of one time step t alone, and whole derivatives: through all layers and everything that reads the state. The reverse direction
 * of a bidirectional network remembers what comes after: there it is h_{t+k}. Where the norm falls below a hundredth of that at lag 0, little
 * is learned from what lies further back (`memoryHorizon`).
 *
 * One backward pass measures all batch rows at once, each from its own loss.
 *
 * Source: Hochreiter 1991, "Untersuchungen zu dynamischen neuronalen Netzen"; Bengio et al. 1994; Pascanu, Mikolov & Bengio 2013, "On the difficulty of
 * training recurrent neural networks", equations 3 to 5.
 *
 * @param runs one for each batch
 * @throws HiddenstateError `invalid` where a run does not call the network once, or nothing goes back to it
 * @example
 * // The adding problem: the answer depends on two numbers anywhere in the sequence.
 * const flow = gradientFlow(lstm, [{ loss: () => lossAtTheEnd(lstm.forward(x)) }], { lags: 100 });
 * memoryHorizon(flow.layers[0].hidden);
 */
export function gradientFlow(
  network: AnyRecurrentNetwork,
  runs: Iterable<GradientFlowRun>,
  { lags }: { lags: number },
): GradientFlow {
  const meter = new GradientFlowMeter(network, lags);
  for (const run of runs) meter.add(run);
  return meter.flow();
}

/** Adds up a gradient flow batch by batch, for whoever must let the event loop turn in between. */
export class GradientFlowMeter {
  readonly lags: number;
  readonly #network: AnyRecurrentNetwork;
  readonly #sums: LayerSums[] = [];

  /** @throws HiddenstateError `invalid` unless lags is a whole number from 0 */
  constructor(network: AnyRecurrentNetwork, lags: number) {
    if (!Number.isInteger(lags) || lags < 0) {
      throw new HiddenstateError(
        "invalid",
        `gradientFlow: invalid lags: got ${shown(lags)}, expected a whole number from 0`,
      );
    }
    this.#network = network;
    this.lags = lags;
  }

  /** Measures one batch. */
  add({ loss, positions }: GradientFlowRun): void {
    observe(this.#network, loss).forEach((layer, i) => {
      (this.#sums[i] ??= new LayerSums(layer, this.lags)).add(layer, positions);
    });
  }

  /** The means over all batches so far. */
  flow(): GradientFlow {
    return { lags: this.lags, layers: this.#sums.map((sums) => sums.flow()) };
  }
}

class LayerSums {
  readonly #place: Pick<LayerFlow, "layer" | "direction">;
  readonly #hidden: Float64Array;
  readonly #cell: Float64Array | null;
  readonly #rows: Float64Array;

  constructor({ layer, direction, cell }: ObservedLayer, lags: number) {
    this.#place = { layer, direction };
    this.#hidden = new Float64Array(lags + 1);
    this.#cell = cell && new Float64Array(lags + 1);
    this.#rows = new Float64Array(lags + 1);
  }

  add(observed: ObservedLayer, positions: readonly number[] | undefined): void {
    const { hiddenGradient, cellGradient, hiddenSize, batchRow, time, direction } = observed;
    if (!hiddenGradient) {
      throw new HiddenstateError(
        "invalid",
        "gradientFlow: invalid loss: nothing goes back from it to the network; compute it from the network's output",
      );
    }
    const from = positions ?? ends(observed);
    for (let row = 0; row < observed.rows; row++) {
      const ahead = from[batchRow[row]] - time[row];
      const lag = direction === "reverse" ? -ahead : ahead;
      if (lag < 0 || lag >= this.#rows.length) continue;
      this.#rows[lag]++;
      this.#hidden[lag] += norm(hiddenGradient, row * hiddenSize, hiddenSize);
      if (this.#cell) this.#cell[lag] += norm(cellGradient!, row * hiddenSize, hiddenSize);
    }
  }

  flow(): LayerFlow {
    const means = (sums: Float64Array): number[] => Array.from(sums, (sum, lag) => sum / this.#rows[lag]);
    return {
      ...this.#place,
      hidden: means(this.#hidden),
      cell: this.#cell && means(this.#cell),
      rows: [...this.#rows],
    };
  }
}

/** Each batch row's last step in the order of the direction. */
function ends({ batchRow, time, direction }: ObservedLayer): Int32Array {
  const result = new Int32Array(batchRow.reduce((most, row) => Math.max(most, row + 1), 0));
  if (direction === "forward") batchRow.forEach((b, row) => (result[b] = Math.max(result[b], time[row])));
  return result;
}

/** The Euclidean norm, without the underflow of squares of vanished gradients. */
function norm(values: Numbers, start: number, count: number): number {
  let largest = 0;
  for (let i = start; i < start + count; i++) largest = Math.max(largest, Math.abs(values[i]));
  if (largest === 0) return 0;
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += (values[i] / largest) ** 2;
  return largest * Math.sqrt(sum);
}
