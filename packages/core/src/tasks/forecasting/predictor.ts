import { reshape } from "../../autograd/ops/reshape.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { noGrad } from "../../autograd/tape.ts";
import { scope } from "../../memory/scope.ts";
import { type Tensor, tensor } from "../../memory/tensor.ts";
import type { RecurrentState } from "../../nn/recurrent-options.ts";
import { type ForecasterEnsemble, meanOfTensors } from "./forecaster-ensemble.ts";
import type { ForecasterNetwork } from "./forecaster.ts";
import type { Forecasted, Head } from "./heads/head.ts";
import { inputWidth } from "./inputs.ts";
import { baseOf, type Scale, valueOf } from "./preprocessing.ts";
import { futureInputs, type Origin, scaleAt, windowBatch, type WindowPlan } from "./windows.ts";

/** Windows read side by side. */
const mostRows = 4096;

/** What the networks say of the K steps after an origin, as they were trained to say it. */
export interface Ahead {
  origin: Origin;
  scale: Scale;
  /** For each of the K steps, on the network's scale. */
  steps: Forecasted[];
}

/** Reads windows and says what comes next: the mean of some networks. */
export class Predictor {
  readonly #networks: readonly ForecasterNetwork[];
  readonly #head: Head;
  readonly plan: WindowPlan;

  constructor(networks: readonly ForecasterNetwork[], head: Head, plan: WindowPlan) {
    this.#networks = networks;
    this.#head = head;
    this.plan = plan;
  }

  static of(ensemble: ForecasterEnsemble, head: Head, plan: WindowPlan): Predictor {
    return new Predictor(ensemble.members, head, plan);
  }

  /**
   * What comes after each origin: K steps. Yields now and then, so that the event loop can turn.
   * Which origins are asked for together changes no number.
   */
  *ahead(origins: readonly Origin[]): Generator<void, Ahead[]> {
    const results: Ahead[] = [];
    const { width } = this.#head;
    const { steps } = this.plan;
    const most = Math.max(1, Math.floor(mostRows / steps));
    for (let start = 0; start < origins.length; start += most) {
      const chosen = origins.slice(start, start + most);
      const scales = chosen.map((origin) => scaleAt(origin, this.plan));
      const raw = scope(() => noGrad(() => this.#read(chosen, scales).raw.dataSync()));
      chosen.forEach((origin, row) => {
        const { spread } = scales[row];
        const each = Array.from({ length: steps }, (_, k) =>
          this.#head.forecast(raw.subarray((row * steps + k) * width, (row * steps + k + 1) * width), spread),
        );
        results.push({ origin, scale: scales[row], steps: each });
      });
      yield;
    }
    return results;
  }

  /**
   * Goes on from each origin for some steps, one at a time: each step's number is chosen from what is forecast of it, and the next step is
   * forecast as if it had been so. For networks that forecast one step.
   *
   * @param paths how many times from each origin
   * @param choose the number (on the network's scale) for a step of a path
   * @returns for each origin, for each path, levels
   */
  *paths(
    origins: readonly Origin[],
    horizon: number,
    paths: number,
    choose: (forecast: Forecasted, origin: Origin, path: number, ahead: number) => number,
  ): Generator<void, Float64Array[][]> {
    const results: Float64Array[][] = [];
    const most = Math.max(1, Math.floor(mostRows / paths));
    for (let start = 0; start < origins.length; start += most) {
      const chosen = origins.slice(start, start + most);
      const scales = chosen.map((origin) => scaleAt(origin, this.plan));
      const walks = chosen.flatMap((origin, i) =>
        Array.from({ length: paths }, () => new Walk(origin, scales[i], horizon, this.plan)),
      );
      let reading = scope(() =>
        noGrad(() => {
          const { raw, states } = this.#read(chosen, scales);
          return { raw: raw.dataSync(), states: states.map((state) => repeatState(state, paths)) };
        }),
      );
      for (let ahead = 1; ahead <= horizon; ahead++) {
        const { width } = this.#head;
        walks.forEach((walk, row) => {
          // All paths of an origin begin with the same forecast.
          const from = ahead === 1 ? Math.floor(row / paths) : row;
          const forecast = this.#head.forecast(
            reading.raw.subarray(from * width, (from + 1) * width),
            walk.scale.spread,
          );
          walk.add(choose(forecast, walk.origin, row % paths, ahead));
        });
        yield;
        if (ahead === horizon) break;
        const { states } = reading;
        reading = scope(() => noGrad(() => this.#step(walks, states, ahead)));
        for (const state of states) endState(state);
      }
      for (const state of reading.states) endState(state);
      for (let i = 0; i < chosen.length; i++)
        results.push(walks.slice(i * paths, (i + 1) * paths).map((walk) => walk.levels()));
    }
    return results;
  }

  #read(origins: readonly Origin[], scales: readonly Scale[]): { raw: Tensor; states: RecurrentState[] } {
    const { inputs, categories } = windowBatch(origins, this.plan);
    const future = futureInputs(origins, scales, this.plan);
    const readings = this.#networks.map((network) => {
      const { features, state } = network.read(inputs, categories);
      const last = reshape(slice(features, { start: -1 }), [origins.length, features.shape[2]]);
      return { raw: network.decode(last, future), state };
    });
    return { raw: meanOfTensors(readings.map(({ raw }) => raw)), states: readings.map(({ state }) => state) };
  }

  /** One step further on every path. */
  #step(
    walks: readonly Walk[],
    states: readonly RecurrentState[],
    ahead: number,
  ): { raw: Float32Array; states: RecurrentState[] } {
    const width = inputWidth(this.plan.inputs);
    const numbers = new Float32Array(walks.length * width);
    walks.forEach((walk, row) => walk.write(ahead + 1, numbers, row * width));
    const inputs = tensor(numbers, [1, walks.length, width]);
    const categories = this.plan.inputs.categories.map((_, i) =>
      tensor(
        walks.map((walk) => walk.origin.series.categories[i]),
        [1, walks.length],
        { dtype: "int32" },
      ),
    );
    const readings = this.#networks.map((network, i) => {
      const { features, state } = network.read(inputs, categories, states[i]);
      return { raw: network.decode(reshape(features, [walks.length, features.shape[2]]), null), state };
    });
    return {
      raw: meanOfTensors(readings.map(({ raw }) => raw)).dataSync(),
      states: readings.map(({ state }) => state),
    };
  }
}

/** A number on the network's scale, `ahead` steps after an origin, as a value. */
export function valueAhead(number: number, { origin: from, scale }: Ahead, ahead: number, plan: WindowPlan): number {
  const { preprocessing } = plan;
  const base = baseOf(from.series.levels, from.origin, ahead, preprocessing);
  return valueOf(base + scale.centre + scale.spread * preprocessing.growth[ahead - 1] * number, preprocessing);
}

/** A value, `ahead` steps after an origin, as a number on the network's scale: the other way round. */
export function numberAhead(value: number, { origin: from, scale }: Ahead, ahead: number, plan: WindowPlan): number {
  const { preprocessing } = plan;
  const level = preprocessing.log ? Math.log(value) : value;
  const base = baseOf(from.series.levels, from.origin, ahead, preprocessing);
  return (level - base - scale.centre) / (scale.spread * preprocessing.growth[ahead - 1]);
}

/** A series that goes on as it was forecast. */
class Walk {
  readonly origin: Origin;
  readonly scale: Scale;
  readonly #plan: WindowPlan;
  /** The first step that is kept: what lies before it is not needed any more. */
  readonly #first: number;
  readonly #levels: Float64Array;
  readonly #changes: Float64Array;
  #next: number;

  constructor(origin: Origin, scale: Scale, horizon: number, plan: WindowPlan) {
    this.origin = origin;
    this.scale = scale;
    this.#plan = plan;
    const { series, origin: last } = origin;
    this.#first = Math.max(0, last - Math.max(plan.preprocessing.season, ...plan.inputs.lags));
    this.#next = last + 1 - this.#first;
    const kept = (numbers: Float64Array): Float64Array => {
      const all = new Float64Array(this.#next + horizon).fill(NaN);
      all.set(numbers.subarray(this.#first, last + 1));
      return all;
    };
    this.#levels = kept(series.levels);
    this.#changes = kept(series.changes);
  }

  /** One step further, by a number on the network's scale. */
  add(number: number): void {
    const change = this.scale.centre + this.scale.spread * number;
    this.#changes[this.#next] = change;
    this.#levels[this.#next] = baseOf(this.#levels, this.#next - 1, 1, this.#plan.preprocessing) + change;
    this.#next++;
  }

  /** The inputs from which the step `ahead` after the origin is forecast. */
  write(ahead: number, out: Float32Array, start: number): void {
    const { series, origin } = this.origin;
    const { centre, spread } = this.scale;
    const changeAt = (step: number): number => ((this.#changes[step - this.#first] ?? NaN) - centre) / spread;
    series.inputs.write(origin + ahead, origin, changeAt, out, start);
  }

  /** The levels after the origin. */
  levels(): Float64Array {
    return this.#levels.slice(this.origin.origin + 1 - this.#first);
  }
}

/** Each row as many times as there are paths, side by side. */
function repeatState(state: RecurrentState, times: number): RecurrentState {
  const repeat = (part: Tensor): Tensor => {
    const [layers, rows, width] = part.shape;
    const from = part.dataSync();
    const values = new Float32Array(layers * rows * times * width);
    for (let row = 0; row < layers * rows; row++) {
      const numbers = from.subarray(row * width, (row + 1) * width);
      for (let i = 0; i < times; i++) values.set(numbers, (row * times + i) * width);
    }
    return tensor(values, [layers, rows * times, width]);
  };
  return { h: repeat(state.h), ...(state.c && { c: repeat(state.c) }) };
}

function endState({ h, c }: RecurrentState): void {
  h.end();
  c?.end();
}
