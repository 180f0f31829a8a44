import { add, mul } from "../../autograd/ops/binary.ts";
import { sum } from "../../autograd/ops/reduce.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { noGrad } from "../../autograd/tape.ts";
import { ExampleBatches } from "../../data/example-batches.ts";
import { scope } from "../../memory/scope.ts";
import { type Tensor, tensor } from "../../memory/tensor.ts";
import type { JobEvaluation, JobSnapshot, TrainingJob } from "../../train/job.ts";
import type { HeldOutPlaces } from "./calibration.ts";
import type { ForecasterEnsemble } from "./forecaster-ensemble.ts";
import type { ForecasterNetwork } from "./forecaster.ts";
import type { Head } from "./heads/head.ts";
import { type Block, heldOutBlocks } from "./held-out-blocks.ts";
import { startLinear } from "./linear-start.ts";
import { baseOf, type Scale, valueOf } from "./preprocessing.ts";
import {
  futureInputs,
  type Origin,
  type PreparedSeries,
  scaleAt,
  stepsAfter,
  targetOf,
  windowBatch,
  type WindowPlan,
} from "./windows.ts";

/** Targets are tested on at most so many places of each member: evenly spread where there are more. */
const mostTests = 2000;
const testBatch = 256;

/** How the job goes through the data. */
export interface ForecasterJobOptions {
  batch: number;
  seed: number;
  /** Share kept back. */
  validation: number;
}

/** A series and where its training part ends. */
export interface TrainingSeries {
  series: PreparedSeries;
  end: number;
}

/** What one member trains on and is tested on. */
interface MemberData {
  network: ForecasterNetwork;
  origins: Origin[];
  batches: ExampleBatches;
  tests: Origin[];
  /** Whether a step of a series is kept back. */
  keptBack: (series: PreparedSeries, step: number) => boolean;
}

/** Trains a forecaster on windows of series: each step of a window forecasts the next (or the K next ones). */
export class ForecasterJob implements TrainingJob {
  readonly model: ForecasterEnsemble;
  readonly trainingTokens: number;
  readonly validationTokens: number;
  readonly stepsPerEpoch: number;
  readonly notices: readonly string[];
  readonly #head: Head;
  readonly #plan: WindowPlan;
  readonly #ends: ReadonlyMap<PreparedSeries, number>;
  readonly #members: readonly MemberData[];
  /** Steps after the context that a training window goes on for, and the first of its steps whose forecast counts. */
  readonly #after: number;
  readonly #from: number;
  #cursor = 0;

  constructor(
    model: ForecasterEnsemble,
    head: Head,
    data: readonly TrainingSeries[],
    plan: WindowPlan,
    options: ForecasterJobOptions,
    notices: readonly string[],
  ) {
    this.model = model;
    this.notices = notices;
    this.#head = head;
    this.#plan = plan;
    this.#ends = new Map(data.map(({ series, end }) => [series, end]));
    const { context, steps, preprocessing } = plan;
    this.#after = stepsAfter(plan);
    this.#from = preprocessing.scaling === "window" ? context - 1 : steps === 1 ? 0 : Math.floor(context / 2);
    const blocks = data.map(({ series, end }) =>
      heldOutBlocks(series.first + context, end, model.members.length, options.validation),
    );
    this.#members = model.members.map((network, member) => this.#memberData(network, member, data, blocks, options));
    this.trainingTokens = this.#members[0].origins.length;
    this.validationTokens = this.#members[0].tests.length;
    this.stepsPerEpoch = this.#members[0].batches.count;
  }

  #memberData(
    network: ForecasterNetwork,
    member: number,
    data: readonly TrainingSeries[],
    blocks: readonly Block[][],
    { batch, seed }: ForecasterJobOptions,
  ): MemberData {
    const { context } = this.#plan;
    const kept = new Map(data.map(({ series }, i) => [series, blocks[i][member]]));
    const keptBack = (series: PreparedSeries, step: number): boolean => {
      const { start, end } = kept.get(series)!;
      return step >= start && step < end;
    };
    const all = data.flatMap(({ series, end }) =>
      Array.from({ length: Math.max(0, end - 1 - (series.first + context - 1)) }, (_, i): Origin => ({
        series,
        origin: series.first + context - 1 + i,
      })),
    );
    // A window all of whose steps are kept back teaches nothing.
    const origins = all.filter(({ series, origin }) => {
      const { start, end } = kept.get(series)!;
      return origin - context + 2 + this.#from < start || origin + this.#after + this.#plan.steps >= end;
    });
    const tests = all.filter(({ series, origin }) => {
      return keptBack(series, origin + 1) && !Number.isNaN(series.observed[origin + 1]);
    });
    const batches = new ExampleBatches(new Uint8Array(origins.length), { batch, seed: seed + 1_000_003 * member });
    startLinear(network, this.#head, all, this.#plan, ({ series, origin }, ahead) => {
      return origin + ahead < this.#ends.get(series)! && !keptBack(series, origin + ahead);
    });
    return { network, origins, batches, tests: spread(tests, mostTests), keptBack };
  }

  nextLoss(): { loss: Tensor; tokens: number } {
    const cursor = this.#cursor++;
    let total: Tensor | null = null;
    let tokens = 0;
    for (const { network, origins, batches, keptBack } of this.#members) {
      const chosen = batches.at(cursor).examples.map((i) => origins[i]);
      const { loss, count } = this.#loss(network, chosen, keptBack);
      const share = mul(loss, 1 / (Math.max(1, count) * this.#members.length));
      total = total ? add(total, share) : share;
      tokens += count;
    }
    return { loss: total!, tokens };
  }

  /** The sum of the losses of all targets of some windows, and how many there are. */
  #loss(
    network: ForecasterNetwork,
    chosen: readonly Origin[],
    skip: (series: PreparedSeries, step: number) => boolean,
  ): { loss: Tensor; count: number } {
    const { inputs, categories } = windowBatch(chosen, this.#plan, this.#after);
    const { features } = network.read(inputs, categories);
    const counted = slice(features, { start: this.#from });
    const { forked, targets, spreads, weights, count } = this.#targets(chosen, skip);
    const rows = forked.length;
    const future = futureInputs(
      forked,
      forked.map((each) => each.scale),
      this.#plan,
    );
    const raw = network.decode(reshape(counted, [rows, features.shape[2]]), future);
    const size = [rows * this.#plan.steps, 1];
    const losses = this.#head.loss(raw, tensor(targets, size), tensor(spreads, size));
    return { loss: sum(mul(losses, tensor(weights, size))), count };
  }

  /** The targets of the steps of some windows that count, in the order of the network's output. */
  #targets(chosen: readonly Origin[], skip: (series: PreparedSeries, step: number) => boolean): Targets {
    const plan = this.#plan;
    const steps = plan.context + this.#after;
    const forked: (Origin & { scale: Scale })[] = [];
    const scales = chosen.map((origin) => scaleAt(origin, plan));
    const size = (steps - this.#from) * chosen.length * plan.steps;
    const targets = new Float32Array(size);
    const spreads = new Float32Array(size).fill(1);
    const weights = new Float32Array(size);
    let [at, count] = [0, 0];
    for (let t = this.#from; t < steps; t++) {
      chosen.forEach(({ series, origin: last }, row) => {
        const origin = last - plan.context + 1 + t;
        const scale = scales[row];
        forked.push({ series, origin, scale });
        for (let ahead = 1; ahead <= plan.steps; ahead++, at++) {
          const step = origin + ahead;
          if (step >= this.#ends.get(series)! || skip(series, step)) continue;
          const target = targetOf({ series, origin }, ahead, scale, plan);
          if (Number.isNaN(target)) continue;
          targets[at] = target;
          spreads[at] = scale.spread;
          weights[at] = 1;
          count++;
        }
      });
    }
    return { forked, targets, spreads, weights, count };
  }

  *evaluate(): Generator<void, JobEvaluation> {
    let [loss, count, squares, sizes, values] = [0, 0, 0, 0, 0];
    for (const { network, tests, keptBack } of this.#members) {
      for (let start = 0; start < tests.length; start += testBatch) {
        const chosen = tests.slice(start, start + testBatch);
        const part = this.#test(network, chosen, keptBack);
        loss += part.loss;
        count += part.count;
        squares += part.squares;
        sizes += part.sizes;
        values += chosen.length;
        yield;
      }
    }
    return { loss: loss / count, tokens: count, metrics: { rmse: Math.sqrt(squares / values), mae: sizes / values } };
  }

  #test(
    network: ForecasterNetwork,
    chosen: readonly Origin[],
    keptBack: MemberData["keptBack"],
  ): { loss: number; count: number; squares: number; sizes: number } {
    const plan = this.#plan;
    const { steps, preprocessing } = plan;
    const scales = chosen.map((origin) => scaleAt(origin, plan));
    const targets = new Float32Array(chosen.length * steps);
    const weights = new Float32Array(chosen.length * steps);
    let count = 0;
    chosen.forEach((origin, row) => {
      for (let ahead = 1; ahead <= steps; ahead++) {
        const target = targetOf(origin, ahead, scales[row], plan);
        if (Number.isNaN(target) || !keptBack(origin.series, origin.origin + ahead)) continue;
        targets[row * steps + ahead - 1] = target;
        weights[row * steps + ahead - 1] = 1;
        count++;
      }
    });
    const { raw, loss } = scope(() =>
      noGrad(() => {
        const { inputs, categories } = windowBatch(chosen, plan);
        const { features } = network.read(inputs, categories);
        const last = reshape(slice(features, { start: -1 }), [chosen.length, features.shape[2]]);
        const output = network.decode(last, futureInputs(chosen, scales, plan));
        const size = [chosen.length * steps, 1];
        const spreads = scales.flatMap(({ spread: each }) => Array.from({ length: steps }, () => each));
        const each = this.#head.loss(output, tensor(targets, size), tensor(spreads, size));
        return { raw: output.dataSync(), loss: sum(mul(each, tensor(weights, size))).itemSync() };
      }),
    );
    let [squares, sizes] = [0, 0];
    const { width } = this.#head;
    chosen.forEach(({ series, origin }, row) => {
      const { centre, spread: each } = scales[row];
      const { point } = this.#head.forecast(raw.subarray(row * steps * width, (row * steps + 1) * width), each);
      const level = baseOf(series.levels, origin, 1, preprocessing) + centre + each * point;
      const actual = valueOf(series.observed[origin + 1], preprocessing);
      const error = valueOf(level, preprocessing) - actual;
      squares += error ** 2;
      sizes += Math.abs(error);
    });
    return { loss, count, squares, sizes };
  }

  /** For each member of a model like this one, what it was not trained on. */
  heldOut(model: ForecasterEnsemble): HeldOutPlaces[] {
    return this.#members.map(({ tests, keptBack }, i) => ({
      network: model.members[i],
      origins: tests,
      heldOut: ({ series, origin }, ahead) => keptBack(series, origin + ahead),
    }));
  }

  /** Gives the memory of the model back. */
  end(): void {
    for (const parameter of this.model.stateDict().values()) parameter.end();
  }

  snapshot(): JobSnapshot {
    return { tensors: new Map(), values: { cursor: this.#cursor } };
  }

  restore({ values }: JobSnapshot): void {
    this.#cursor = values.cursor as number;
  }
}

interface Targets {
  /** The places to forecast from. */
  forked: (Origin & { scale: Scale })[];
  /** [N * K] each; a weight is 0 where nothing counts. */
  targets: Float32Array;
  spreads: Float32Array;
  weights: Float32Array;
  count: number;
}

/** At most so many items, evenly spread. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]);
}
