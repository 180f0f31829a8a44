import { HiddenstateError, shown } from "../errors.ts";
import { type OptionRules, resolveOptions } from "../options.ts";

/**
 * A learning rate over the course of training.
 *
 * @example
 * const schedule = cosineSchedule({ lr: 1e-3, warmup: 100, steps: 5000 });
 * for (let step = 0; step < 5000; step++) {
 *   adam.lr = schedule.rate(step);
 *   // forward, backward, adam.step()
 * }
 */
export interface Schedule {
  readonly kind: "constant" | "step" | "cosine" | "plateau";
  /**
   * The learning rate for one step.
   * @param step from 0
   * @param spent how much of the budget is spent, 0 to 1; read only by a schedule that was made without a number of steps,
   *   for a budget that is not counted in steps (minutes)
   */
  rate(step: number, spent?: number): number;
  /** Takes note of a held-out loss, where the rate goes by that. */
  observe?(loss: number): unknown;
  /** All that it remembers, as plain JSON; absent where nothing is remembered. */
  state?(): ScheduleState;
  /** Goes on where `state` was taken. */
  restore?(state: ScheduleState): void;
}

/** What a schedule remembers from evaluation to evaluation. */
export type ScheduleState = PlateauState;

export interface ConstantOptions {
  /** Learning rate, above 0. */
  lr: number;
}

/**
 * Always the same rate: `lr`.
 *
 * @throws HiddenstateError `invalid`, `unknown` or `missing` for options that are wrong
 * @example
 * const schedule = constantSchedule({ lr: 1e-3 });
 */
export function constantSchedule(options: ConstantOptions): Schedule {
  const { lr } = resolveOptions("constantSchedule", options, { lr: learningRateRule });
  return { kind: "constant", rate: () => lr };
}

export interface StepOptions {
  /** Learning rate at the start, above 0. */
  lr: number;
  /** Factor at each drop, above 0 and at most 1. Default 0.1. */
  gamma?: number;
  /** Steps from one drop to the next. Either this or `drops`. */
  stepSize?: number;
  /** Number of drops, evenly spread over the budget: after 1/(drops+1) of it, 2/(drops+1), ... */
  drops?: number;
}

/**
 * A rate that drops by a factor at regular intervals.
 *
 * With `stepSize`: `lr * gamma^floor(step / stepSize)`. With `drops`: `lr * gamma^min(drops, floor(spent * (drops + 1)))`.
 *
 * @throws HiddenstateError `invalid`, `unknown` or `missing` for options that are wrong; `rate` throws `missing` where it needs `spent`
 * @example
 * const schedule = stepSchedule({ lr: 0.1, gamma: 0.5, stepSize: 1000 });
 */
export function stepSchedule(options: StepOptions): Schedule {
  const where = "stepSchedule";
  const { lr, gamma, stepSize, drops } = resolveOptions<StepOptions>(where, options, {
    lr: learningRateRule,
    gamma: { type: "number", above: 0, max: 1, default: 0.1 },
    stepSize: { type: "integer", min: 1, optional: true },
    drops: { type: "integer", min: 1, optional: true },
  });
  if ((stepSize === undefined) === (drops === undefined)) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid options: expected either stepSize (steps) or drops (over the budget)`,
    );
  }
  return {
    kind: "step",
    rate: (step, spent) => {
      const dropped =
        stepSize === undefined
          ? Math.min(drops, Math.floor(checkSpent(where, spent) * (drops + 1)))
          : Math.floor(step / stepSize);
      return lr * gamma ** dropped;
    },
  };
}

export interface CosineOptions {
  /** Highest learning rate, above 0. */
  lr: number;
  /** Learning rate at the end, at least 0. Default 0. */
  minLr?: number;
  /** Steps of linear warm-up. Default 0. */
  warmup?: number;
  /** Steps of the whole training, more than `warmup`; without it, `rate` needs `spent`. */
  steps?: number;
}

/**
 * A linear warm-up, then half a cosine down to the smallest rate.
 *
 * In step i < warmup: `lr * (i + 1) / warmup`; then `minLr + (lr - minLr) * (1 + cos(pi * f)) / 2` with
 * `f = (i - warmup) / (steps - warmup)`, at most 1, or, made without `steps`, `f = spent`.
 *
 * @throws HiddenstateError `invalid`, `unknown` or `missing` for options that are wrong; `rate` throws `missing` where it needs `spent`
 *
 * Source: Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", equation 5, without restarts.
 *
 * @example
 * const byTime = cosineSchedule({ lr: 1e-3, warmup: 100 });
 * byTime.rate(2500, 0.5);   // halfway through a budget of minutes: 5e-4
 */
export function cosineSchedule(options: CosineOptions): Schedule {
  const where = "cosineSchedule";
  const { lr, minLr, warmup, steps } = resolveOptions<CosineOptions>(where, options, {
    lr: learningRateRule,
    minLr: { type: "number", min: 0, default: 0 },
    warmup: { type: "integer", min: 0, default: 0 },
    steps: { type: "integer", min: 1, optional: true },
  });
  if (minLr > lr)
    throw new HiddenstateError("invalid", `${where}: invalid minLr: got ${minLr}, expected at most lr (${lr})`);
  if (steps !== undefined && steps <= warmup) {
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid steps: got ${steps}, expected more than warmup (${warmup})`,
    );
  }
  return {
    kind: "cosine",
    rate: (step, spent) => {
      if (step < warmup) return (lr * (step + 1)) / warmup;
      const fraction = steps === undefined ? checkSpent(where, spent) : Math.min(1, (step - warmup) / (steps - warmup));
      return minLr + ((lr - minLr) * (1 + Math.cos(Math.PI * fraction))) / 2;
    },
  };
}

export interface PlateauOptions {
  /** Learning rate at the start, above 0. */
  lr: number;
  /** Factor at each drop, above 0 and below 1. Default 0.5. */
  factor?: number;
  /** Evaluations without improvement that are borne before the rate drops. Default 2. */
  patience?: number;
  /** Relative improvement that counts, from 0 to below 1. Default 1e-4. */
  threshold?: number;
  /** Evaluations after a drop in which nothing is counted. Default 0. */
  cooldown?: number;
  /** Smallest learning rate, at least 0. Default 0. */
  minLr?: number;
}

/** All that a plateau schedule remembers: plain JSON. */
export interface PlateauState {
  lr: number;
  /** The lowest loss that counted as an improvement; null before the first evaluation. */
  best: number | null;
  /** Evaluations since then without improvement. */
  worse: number;
  /** Evaluations left in which nothing is counted. */
  cooling: number;
}

/**
 * A rate that drops when the held-out loss no longer falls.
 *
 * A loss is better when `loss < best - threshold * |best|`. After more than `patience` others in a row:
 * `lr = max(lr * factor, minLr)`, unless that changes it by 1e-8 or less, and the next `cooldown` evaluations count for nothing.
 *
 * @throws HiddenstateError `invalid`, `unknown` or `missing` for options that are wrong
 *
 * Source: PyTorch's `ReduceLROnPlateau`, whose `best * (1 - threshold)` is the same for a loss above 0; below, it takes a loss that rises for a better one.
 *
 * @example
 * const schedule = new PlateauSchedule({ lr: 1e-3 });
 * schedule.observe(evaluation.loss);   // after each evaluation
 * adam.lr = schedule.rate();
 */
export class PlateauSchedule implements Schedule {
  readonly kind = "plateau";
  readonly #options: Required<PlateauOptions>;
  #state: PlateauState;

  constructor(options: PlateauOptions) {
    this.#options = resolveOptions("new PlateauSchedule", options, {
      lr: learningRateRule,
      factor: { type: "number", above: 0, below: 1, default: 0.5 },
      patience: { type: "integer", min: 0, default: 2 },
      threshold: { type: "number", min: 0, below: 1, default: 1e-4 },
      cooldown: { type: "integer", min: 0, default: 0 },
      minLr: { type: "number", min: 0, default: 0 },
    });
    this.#state = { lr: options.lr, best: null, worse: 0, cooling: 0 };
  }

  /** The learning rate now: it changes in `observe` only. */
  rate(): number {
    return this.#state.lr;
  }

  /**
   * Takes note of a held-out loss.
   * @returns the learning rate from here on
   */
  observe(loss: number): number {
    const { factor, patience, threshold, cooldown, minLr } = this.#options;
    const state = this.#state;
    if (state.best === null || loss < state.best - threshold * Math.abs(state.best)) {
      state.best = loss;
      state.worse = 0;
    } else {
      state.worse++;
    }
    if (state.cooling > 0) {
      state.cooling--;
      state.worse = 0;
    }
    if (state.worse > patience) {
      const lower = Math.max(state.lr * factor, minLr);
      if (state.lr - lower > smallestChange) state.lr = lower;
      state.cooling = cooldown;
      state.worse = 0;
    }
    return state.lr;
  }

  state(): PlateauState {
    return { ...this.#state };
  }

  /** Goes on where `state` was taken. */
  restore(state: PlateauState): void {
    const { lr, best, worse, cooling } = state;
    const valid = [lr, worse, cooling].every(Number.isFinite) && (best === null || Number.isFinite(best));
    if (!valid)
      throw new HiddenstateError(
        "invalid",
        `plateau.restore: invalid state: got ${shown(state)}, expected what state() gave`,
      );
    this.#state = { lr, best, worse, cooling };
  }
}

/** PyTorch's `eps`: a drop that changes the rate by no more is left out. */
const smallestChange = 1e-8;

const learningRateRule: OptionRules<{ lr: number }>["lr"] = { type: "number", above: 0 };

function checkSpent(where: string, spent: number | undefined): number {
  if (spent === undefined || Number.isNaN(spent)) {
    throw new HiddenstateError(
      "missing",
      `${where}: missing the part of the budget that is spent; give rate(step, spent), or make the schedule with a number of steps`,
    );
  }
  return Math.min(1, Math.max(0, spent));
}
