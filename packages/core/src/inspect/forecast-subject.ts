import { sum } from "../autograd/ops/reduce.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { slice } from "../autograd/ops/slice.ts";
import { noGrad } from "../autograd/tape.ts";
import type { Series } from "../data/series/series.ts";
import { HiddenstateError } from "../errors.ts";
import { scope } from "../memory/scope.ts";
import { type Tensor, tensor } from "../memory/tensor.ts";
import type { ForecasterModel } from "../tasks/forecasting/forecaster-model.ts";
import type { ForecasterNetwork } from "../tasks/forecasting/forecaster.ts";
import {
  futureInputs,
  type Origin,
  scaleAt,
  targetOf,
  windowBatch,
  type WindowPlan,
} from "../tasks/forecasting/windows.ts";
import type { FollowedStretch } from "./follow-units.ts";
import type { GradientFlowRun } from "./gradient-flow.ts";
import { type AnyRecurrentNetwork, observe } from "./observe.ts";
import { groups, lastOnes, spread } from "./recurrent-part.ts";
import type { InspectionSubject, Reading } from "./subject.ts";

/** Places that are forecast from, evenly spread where there are more, and how many of them at a time. */
const [mostOrigins, together] = [512, 64];
/** The most steps of a series along which exponents are measured. */
const longestStretch = 1000;

/**
 * A forecaster with series: its first network, where it has several. The loss is that of the forecast made after a window of the past; only
 * places whose next number is known count.
 *
 * @throws HiddenstateError `invalid`, `missing`, `unknown` or `mismatch`, naming the series, for what the model can't read
 */
export class ForecastSubject implements InspectionSubject {
  readonly task = "forecast";
  readonly network: AnyRecurrentNetwork;
  readonly unit = "steps";
  readonly inNats = false;
  readonly notices: string[] = [];
  readonly longestLag: number;
  readonly longestContext: number;
  readonly steps: number;
  readonly flowNote =
    "Along the recurrent state alone: the last step's own inputs, its lags among them, reach the forecast directly beside it.";
  readonly flowIsReach = true;
  readonly #model: ForecasterModel;
  readonly #member: ForecasterNetwork;
  readonly #plan: WindowPlan;
  readonly #origins: Origin[];

  constructor(model: ForecasterModel, series: readonly Series[]) {
    const { plan } = model.config;
    this.#model = model;
    this.#plan = plan;
    [this.#member] = model.model.members;
    this.network = this.#member.rnn;
    const { context } = plan;
    const prepared = series.map((each, i) => model.prepare(each, i, 0));
    const all = prepared.flatMap(({ prepared: one, series: { values } }) => {
      const first = one.first + context - 1;
      return Array.from({ length: Math.max(0, values.length - 1 - first) }, (_, i) => ({
        series: one,
        origin: first + i,
      })).filter((origin) => !Number.isNaN(targetOf(origin, 1, scaleAt(origin, plan), plan)));
    });
    if (all.length === 0) {
      throw new HiddenstateError(
        "invalid",
        `inspect: invalid series: none has a known number after a window of ${context} steps; give longer ones`,
      );
    }
    this.#origins = spread(all, mostOrigins);
    if (model.model.members.length > 1) {
      this.notices.push(
        `the first of ${model.model.members.length} networks, whose mean the forecast is, was inspected`,
      );
    }
    if (this.#origins.length < all.length)
      this.notices.push(`${mostOrigins} of ${all.length.toLocaleString("en-US")} windows were read`);
    this.steps = this.#origins.length * context;
    this.longestLag = context - 1;
    this.longestContext = context;
  }

  *flowRuns(): Generator<GradientFlowRun> {
    for (const batch of groups(this.#origins, together)) yield { loss: () => sum(this.#losses(batch, null)) };
  }

  *readings(): Generator<Reading> {
    for (const batch of groups(this.#origins, together))
      yield { start: 0, run: () => noGrad(() => void this.#losses(batch, null)) };
  }

  readonly losses = (context: number | null): Generator<void, Float64Array> => this.#allLosses(context);

  readonly sequence = (): Tensor => {
    const [first] = this.#origins;
    const after = Math.min(longestStretch, first.series.observed.length - 1 - first.origin) - 1;
    return noGrad(() => {
      const { inputs, categories } = windowBatch([first], this.#plan, Math.max(0, after));
      const { features } = this.#member.read(inputs, categories);
      // The inputs stand behind the hidden state.
      return slice(features, { axis: 2, start: this.network.options.hiddenSize });
    });
  };

  describeContext(k: number | "k"): string {
    return k === 1 ? "the last step, with its lags" : lastOnes(k, this.unit);
  }

  follow(most: number): FollowedStretch {
    const [first] = this.#origins;
    const steps = Math.min(most, this.#plan.context);
    const layers = observe(this.network, () =>
      noGrad(() => {
        const { inputs, categories } = windowBatch([first], this.#plan);
        const cut = (x: Tensor): Tensor => slice(x, { end: steps });
        this.#member.read(cut(inputs), categories.map(cut));
      }),
    );
    const start = first.origin - this.#plan.context + 1;
    return { pieces: Array.from({ length: steps }, (_, t) => `${start + t + 1} `), layers };
  }

  *#allLosses(context: number | null): Generator<void, Float64Array> {
    const result = new Float64Array(this.#origins.length);
    let done = 0;
    for (const batch of groups(this.#origins, together)) {
      result.set(
        scope(() => noGrad(() => this.#losses(batch, context).exactDataSync())),
        done,
      );
      done += batch.length;
      yield;
    }
    return result;
  }

  /** The loss of each window's forecast of the next number, [B, 1]; of K numbers where so many are forecast at once, of the first. */
  #losses(origins: readonly Origin[], context: number | null): Tensor {
    const plan = this.#plan;
    const { inputs, categories } = windowBatch(origins, plan);
    const cut = (x: Tensor): Tensor => (context === null ? x : slice(x, { start: -context }));
    const { features } = this.#member.read(cut(inputs), categories.map(cut));
    const scales = origins.map((origin) => scaleAt(origin, plan));
    const last = reshape(slice(features, { start: -1 }), [origins.length, features.shape[2]]);
    const raw = this.#member.decode(last, futureInputs(origins, scales, plan));
    const { width } = this.#model.head;
    const first = reshape(slice(reshape(raw, [origins.length, plan.steps, width]), { axis: 1, end: 1 }), [
      origins.length,
      width,
    ]);
    const column = (values: readonly number[]): Tensor => tensor(values, [origins.length, 1]);
    const targets = column(origins.map((origin, i) => targetOf(origin, 1, scales[i], plan)));
    return this.#model.head.loss(first, targets, column(scales.map(({ spread: each }) => each)));
  }
}
