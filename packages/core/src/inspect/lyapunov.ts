import { runBackward } from "../autograd/backward.ts";
import { add, mul } from "../autograd/ops/binary.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { slice } from "../autograd/ops/slice.ts";
import { noGrad } from "../autograd/tape.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { Random, randomKey } from "../memory/random.ts";
import { scope } from "../memory/scope.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import type { RecurrentState } from "../nn/recurrent-options.ts";
import { type OptionRules, resolveOptions } from "../options.ts";
import { finishedAtOnce } from "../train/event-loop.ts";
import type { AnyRecurrentNetwork } from "./observe.ts";

export interface LyapunovOptions {
  /** How many exponents, the largest first. Default 1. */
  count?: number;
  /** Steps between two orthonormalisations. Default 5. */
  every?: number;
  /** Steps at the sequence's end over which the directions settle, which do not count. Default: a tenth of the steps. */
  settle?: number;
}

const rules: OptionRules<LyapunovOptions> = {
  count: { type: "integer", min: 1, default: 1 },
  every: { type: "integer", min: 1, default: 5 },
  settle: { type: "integer", min: 0, optional: true },
};

/** How fast small differences of the state grow. */
export interface LyapunovExponents {
  /** Per step, in nats, the largest first; -Infinity where differences vanish altogether. */
  exponents: number[];
  /** Standard error of each, from how the growth varies along the sequence. */
  errors: number[];
  /** Steps that were counted. */
  steps: number;
}

/**
 * The largest Lyapunov exponents of a network's whole state (h, and c, of all layers) along a sequence: how fast a small difference of the state
 * grows or shrinks while the same inputs are read.
 *
 *     lambda_i = lim 1/T sum_t ln R_ii(t),   Q(t-1) R(t) = J_t^T Q(t)   (QR),   J_t = d state_t / d state_{t-1}
 *
 * lambda_1 < 0: differences shrink, by a factor e in 1 / |lambda_1| steps, and so do gradients; near 0: stable, the network holds what it is told;
 * > 0: they grow, the state is chaotic and gradients explode. Products of the Jacobians' transposes, which the backward kernels compute, have
 * the same exponents as products of the Jacobians: singular values do not change under transposition.
 *
 * @param x one sequence, [T, 1, I]
 * @param initial the state before it; default: zeros, or what was learned
 * @throws HiddenstateError `unsupported` for a bidirectional network, whose state at a time does not lead to the next; `mismatch` for an x of
 *   another shape; `invalid` for more exponents than the state has numbers, or too few steps
 *
 * Source: Engelken, Wolf & Abbott 2020, "Lyapunov spectra of chaotic recurrent neural networks"; Vogt et al. 2020, "On Lyapunov exponents
 * for RNNs"; Benettin et al. 1980 (QR).
 *
 * @example
 * const { exponents } = lyapunovExponents(gru, x);
 * console.log(exponents[0] < 0 ? "forgets" : "keeps or explodes");
 */
export function lyapunovExponents(
  network: AnyRecurrentNetwork,
  x: Tensor,
  options: LyapunovOptions = {},
  initial?: RecurrentState,
): LyapunovExponents {
  return finishedAtOnce(lyapunovWork(network, x, options, initial));
}

/** As `lyapunovExponents`, yielding now and then so that the caller can let the event loop turn. */
export function* lyapunovWork(
  network: AnyRecurrentNetwork,
  x: Tensor,
  options: LyapunovOptions = {},
  initial?: RecurrentState,
): Generator<void, LyapunovExponents> {
  const where = "lyapunovExponents";
  const { count, every, settle } = resolveOptions(where, options, rules);
  check(network, x, count, where);
  // What computed the inputs is of no concern here, and must not be gone back over.
  const inputs = x.detach();
  const steps = inputs.shape[0];
  const chunks = Math.ceil(steps / every);
  const settling = Math.ceil((settle ?? steps / 10) / every);
  if (chunks - settling < 1) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid x: got ${steps} steps, expected more than the ${settling * every} over which the directions settle`,
    );
  }
  const states = yield* statesAt(network, inputs, every, initial);
  const width = states[0].length;
  let directions = randomDirections(count, width);
  orthonormalise(directions);

  const growth: number[][] = [];
  const lengths: number[] = [];
  for (let chunk = chunks - 1; chunk >= 0; chunk--) {
    const [start, end] = [chunk * every, Math.min(steps, (chunk + 1) * every)];
    directions = goBack(network, inputs, [start, end], states[chunk], directions);
    const logs = orthonormalise(directions).map(Math.log);
    if (chunk < chunks - settling) {
      growth.push(logs);
      lengths.push(end - start);
    }
    // Nothing is left of any difference: so it stays.
    if (logs[0] === -Infinity) return vanished(count, steps);
    if (chunk % 16 === 0) yield;
  }
  return summarise(growth, lengths, count);
}

function check(network: AnyRecurrentNetwork, x: Tensor, count: number, where: string): void {
  const { layers, hiddenSize, inputSize } = network.options;
  if (network.directions === 2) {
    throw new HiddenstateError(
      "unsupported",
      `${where}: unsupported for a bidirectional network: its directions run against each other, so no state leads to the next`,
    );
  }
  if (x.shape.length !== 3 || x.shape[1] !== 1 || x.shape[2] !== inputSize) {
    throw new HiddenstateError(
      "mismatch",
      `${where}: mismatch in x: got ${shown(x.shape)}, expected [T, 1, ${inputSize}], one sequence`,
    );
  }
  const size = layers * hiddenSize * (network.cell.kind === "lstm" ? 2 : 1);
  if (count > size) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid count: got ${count}, expected at most ${size}, the numbers in the state`,
    );
  }
}

/** The whole state before every so many steps, as plain numbers. */
function* statesAt(
  network: AnyRecurrentNetwork,
  x: Tensor,
  every: number,
  initial: RecurrentState | undefined,
): Generator<void, Float64Array[]> {
  let numbers = stateNumbers(scope(() => initial ?? network.startState(1)));
  const states: Float64Array[] = [];
  for (let start = 0; start < x.shape[0]; start += every) {
    states.push(numbers);
    numbers = scope(() =>
      noGrad(() => {
        const part = readSteps(x, start, Math.min(x.shape[0], start + every), 1);
        return stateNumbers(network.forward(part, { state: stateOf(network, [numbers]) }).state);
      }),
    );
    if (states.length % 64 === 0) yield;
  }
  return states;
}

/** J^T q for each direction q, J the Jacobian of the steps from `start` to `end`: each direction is a batch row. */
function goBack(
  network: AnyRecurrentNetwork,
  x: Tensor,
  [start, end]: [start: number, end: number],
  state: Float64Array,
  directions: Float64Array[],
): Float64Array[] {
  return scope(() => {
    const before = stateOf(
      network,
      directions.map(() => state),
    );
    const wanted = stateOf(network, directions);
    const parts = Object.values(before) as Tensor[];
    for (const part of parts) part.requiresGrad = true;
    const { state: after } = network.forward(readSteps(x, start, end, directions.length), { state: before });
    let total = sum(mul(after.h, wanted.h));
    if (after.c) total = add(total, sum(mul(after.c, wanted.c!)));
    runBackward(total, new Set(parts));
    const gradients = { h: before.h.grad!, ...(before.c && { c: before.c.grad! }) };
    return directions.map((_, row) => stateNumbers(gradients, row));
  });
}

/** Steps of the one sequence, side by side as often as there are rows: [T', B, I]. */
function readSteps(x: Tensor, start: number, end: number, rows: number): Tensor {
  const part = slice(x, { start, end });
  if (rows === 1) return part;
  const width = x.shape[2];
  const values = part.exactDataSync();
  const repeated = new (values.constructor as Float64ArrayConstructor)((end - start) * rows * width);
  for (let t = 0; t < end - start; t++) {
    const step = values.subarray(t * width, (t + 1) * width);
    for (let row = 0; row < rows; row++) repeated.set(step, (t * rows + row) * width);
  }
  return tensor(repeated, [end - start, rows, width]);
}

/** One batch row of a state in one line: h of all layers, then c. */
function stateNumbers(state: RecurrentState, row = 0): Float64Array {
  const parts = [state.h, ...(state.c ? [state.c] : [])];
  const [layers, batch, H] = state.h.shape;
  const result = new Float64Array(parts.length * layers * H);
  parts.forEach((part, p) => {
    const values = part.exactDataSync();
    for (let layer = 0; layer < layers; layer++) {
      const from = (layer * batch + row) * H;
      result.set(values.subarray(from, from + H), (p * layers + layer) * H);
    }
  });
  return result;
}

/** The other way round: a state of as many batch rows as there are lines. */
function stateOf({ options, cell }: AnyRecurrentNetwork, lines: readonly Float64Array[]): RecurrentState {
  const { layers, hiddenSize: H } = options;
  const part = (p: number): Tensor => {
    const values = new Float64Array(layers * lines.length * H);
    lines.forEach((line, row) => {
      for (let layer = 0; layer < layers; layer++) {
        const from = (p * layers + layer) * H;
        values.set(line.subarray(from, from + H), (layer * lines.length + row) * H);
      }
    });
    return tensor(values, [layers, lines.length, H]);
  };
  return cell.kind === "lstm" ? { h: part(0), c: part(1) } : { h: part(0) };
}

function randomDirections(count: number, width: number): Float64Array[] {
  const random = new Random(randomKey(0, "inspection", "lyapunov"));
  return Array.from({ length: count }, () => Float64Array.from({ length: width }, () => random.normal()));
}

/** Modified Gram-Schmidt, in place; returns the diagonal of R: what was left of each vector's length. */
function orthonormalise(vectors: readonly Float64Array[]): number[] {
  return vectors.map((vector, i) => {
    for (const other of vectors.slice(0, i)) {
      const shared = dot(vector, other);
      for (let j = 0; j < vector.length; j++) vector[j] -= shared * other[j];
    }
    const length = Math.sqrt(dot(vector, vector));
    if (length > 0) for (let j = 0; j < vector.length; j++) vector[j] /= length;
    return length;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

function vanished(count: number, steps: number): LyapunovExponents {
  return { exponents: Array(count).fill(-Infinity), errors: Array(count).fill(0), steps };
}

/** Means per step, and their standard errors from up to 20 stretches of about the same length. */
function summarise(growth: readonly number[][], lengths: readonly number[], count: number): LyapunovExponents {
  const steps = lengths.reduce((total, length) => total + length, 0);
  const blocks = Math.min(20, growth.length);
  const found = Array.from({ length: count }, (_, i) => {
    const rate = (from: number, to: number): number => {
      let [total, length] = [0, 0];
      for (let chunk = from; chunk < to; chunk++) [total, length] = [total + growth[chunk][i], length + lengths[chunk]];
      return total / length;
    };
    const mean = rate(0, growth.length);
    const edge = (block: number): number => Math.floor((block * growth.length) / blocks);
    const rates = Array.from({ length: blocks }, (_unused, block) => rate(edge(block), edge(block + 1)));
    const variance = rates.reduce((total, value) => total + (value - mean) ** 2, 0) / Math.max(1, blocks - 1);
    return { mean, error: Math.sqrt(variance / blocks) };
  });
  return { exponents: found.map(({ mean }) => mean), errors: found.map(({ error }) => error), steps };
}
