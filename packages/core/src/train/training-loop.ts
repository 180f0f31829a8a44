import { HiddenstateError } from "../errors.ts";
import { runtime } from "../memory/runtime.ts";
import { scope } from "../memory/scope.ts";
import { Adam, AdamW } from "../optim/adam.ts";
import { AveragedParameters } from "../optim/averaged-parameters.ts";
import { clipGradNorm } from "../optim/clip.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { constantSchedule, cosineSchedule, PlateauSchedule, type Schedule, stepSchedule } from "../optim/schedule.ts";
import { SGD } from "../optim/sgd.ts";
import type { OptionRules } from "../options.ts";
import { type Budget, type Spending, spendingOf } from "./budget.ts";
import { EventLoopTurns, finished } from "./event-loop.ts";
import type { BestEvaluation, EndEvent, EvaluationEvent, TrainingEvent } from "./events.ts";
import type { JobEvaluation, TrainingJob } from "./job.ts";
import { StepLog } from "./step-log.ts";
import { watchUpdate } from "./update-ratios.ts";

/** How to train, whatever the task. */
export interface TrainingOptions extends Budget {
  /** Default `"adam"`. */
  optimizer?: "adam" | "adamw" | "sgd";
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Default 0. */
  weightDecay?: number;
  /** SGD only. Default 0. */
  momentum?: number;
  /** Largest global gradient norm. Default 1. */
  clip?: number;
  /** How the learning rate changes over the budget. Default `"constant"`. */
  schedule?: "constant" | "cosine" | "step" | "plateau";
  /** Cosine only: steps of linear warm-up. Default 0. */
  warmup?: number;
  /** Steps between evaluations; default: one epoch, but 100 to 1000. */
  evaluateEvery?: number;
  /** Steps between checkpoints; default: `evaluateEvery`. */
  checkpointEvery?: number;
  /** Steps between `step` events. Default 10. */
  logEvery?: number;
  /**
   * What is evaluated and kept is a running mean of the parameters over about the last 1 / (1 - average) steps, which mostly does better than
   * where the last step led. 0 to below 1. Default 0: no mean.
   */
  average?: number;
  /** Stops after so many evaluations without a lower held-out loss; default: never. */
  patience?: number;
}

/** The rules behind `TrainingOptions`. */
export const trainingRules: OptionRules<TrainingOptions> = {
  steps: { type: "integer", min: 1, optional: true },
  epochs: { type: "number", above: 0, optional: true },
  minutes: { type: "number", above: 0, optional: true },
  optimizer: { type: "choice", choices: ["adam", "adamw", "sgd"], default: "adam" },
  lr: { type: "number", above: 0, default: 1e-3 },
  weightDecay: { type: "number", min: 0, default: 0 },
  momentum: { type: "number", min: 0, below: 1, default: 0 },
  clip: { type: "number", above: 0, default: 1 },
  schedule: { type: "choice", choices: ["constant", "cosine", "step", "plateau"], default: "constant" },
  warmup: { type: "integer", min: 0, default: 0 },
  evaluateEvery: { type: "integer", min: 1, optional: true },
  checkpointEvery: { type: "integer", min: 1, optional: true },
  logEvery: { type: "integer", min: 1, default: 10 },
  average: { type: "number", min: 0, below: 1, default: 0 },
  patience: { type: "integer", min: 1, optional: true },
};

type Resolved = Required<TrainingOptions>;

/** All counters of a run: what a resumed one goes on from, besides tensors. */
export interface Progress {
  step: number;
  /** Seconds of training, over all runs. */
  seconds: number;
  best: (BestEvaluation & { criterion: number }) | null;
  /** Evaluations since the best one. */
  worse: number;
  finished: EndEvent["reason"] | null;
}

/** What the loop asks of whoever keeps the files. */
export interface TrainingRun {
  /** Writes the parameters as the best so far. */
  saveBest(): Promise<void>;
  /** Writes all that is needed to go on. */
  saveCheckpoint(progress: Progress): Promise<void>;
  /** Where those go, to tell the user. */
  path: string;
  /** Asked for before each step: a pending stop finishes the step, saves, and ends the run. */
  signal?: AbortSignal;
}

/** The moving parts of a run. */
export interface Trainer {
  optimizer: Optimizer;
  schedule: Schedule;
  spending: Spending;
  /** The means of the parameters; null without. */
  average: AveragedParameters | null;
}

/** Makes the optimiser and schedule that the options ask for. */
export function makeTrainer(job: TrainingJob, options: Resolved): Trainer {
  const spending = spendingOf(options, job.stepsPerEpoch);
  const { average: decay } = options;
  const average = decay > 0 ? new AveragedParameters(new Map(job.model.namedParameters()), decay) : null;
  return { optimizer: makeOptimizer(job, options), schedule: makeSchedule(options, spending), spending, average };
}

function makeOptimizer(job: TrainingJob, { optimizer, lr, weightDecay, momentum }: Resolved): Optimizer {
  const parameters = job.model.parameters();
  switch (optimizer) {
    case "adam":
      return new Adam(parameters, { lr, weightDecay });
    case "adamw":
      return new AdamW(parameters, { lr, weightDecay });
    case "sgd":
      return new SGD(parameters, { lr, weightDecay, momentum });
  }
}

function makeSchedule({ schedule, lr, warmup }: Resolved, spending: Spending): Schedule {
  const steps = spending.steps ?? undefined;
  switch (schedule) {
    case "constant":
      return constantSchedule({ lr });
    case "cosine":
      return cosineSchedule({ lr, warmup, steps });
    case "step":
      return stepSchedule({ lr, drops: 2 });
    case "plateau":
      return new PlateauSchedule({ lr });
  }
}

/**
 * Trains until the budget is spent, the held-out loss stops falling, or it is asked to stop.
 *
 * @param progress where to start; changed as the run goes on
 * @throws HiddenstateError `not-finite` when the loss or the gradient does: what was saved stays; `worker` when a thread failed or died:
 *   noticed between two steps, everything is saved first, else what was saved stays
 */
export async function* trainingLoop(
  job: TrainingJob,
  { optimizer, schedule, spending, average }: Trainer,
  options: Resolved,
  progress: Progress,
  run: TrainingRun,
): AsyncGenerator<TrainingEvent, void> {
  const { logEvery, clip, patience } = options;
  const evaluateEvery = options.evaluateEvery ?? Math.min(1000, Math.max(100, job.stepsPerEpoch));
  const checkpointEvery = options.checkpointEvery ?? evaluateEvery;
  const turns = new EventLoopTurns();
  const named = job.model.namedParameters();
  const parameters = named.map(([, parameter]) => parameter);
  const names = named.map(([name]) => name);
  const log = new StepLog(logEvery, clip, names);
  const clock = new Clock(progress.seconds);
  let tokens = 0;
  let saved = progress.step;

  /** Whether the log will be read after the step that comes next, as far as that is known before it. */
  function readsNext(): boolean {
    const next = progress.step + 1;
    return log.nearlyFull || next % evaluateEvery === 0 || next % checkpointEvery === 0;
  }

  function trainStep(): void {
    const watched = readsNext();
    optimizer.lr = schedule.rate(progress.step, spending.spent(progress.step, clock.seconds()));
    scope(() => {
      optimizer.zeroGrad();
      const { loss, tokens: count } = job.nextLoss();
      loss.backward();
      const norm = clipGradNorm(parameters, clip);
      const update = watched ? watchUpdate(parameters) : null;
      optimizer.step();
      average?.update(progress.step);
      log.add(loss, norm);
      if (update) log.addUpdate(update());
      tokens += count;
    });
    progress.step++;
  }

  async function readLog(): Promise<TrainingEvent> {
    const summary = await log.read(progress.step);
    const seconds = clock.seconds();
    const spent = spending.spent(progress.step, seconds);
    const event: TrainingEvent = {
      type: "step",
      step: progress.step,
      epoch: progress.step / job.stepsPerEpoch,
      ...summary,
      learningRate: optimizer.lr,
      tokensPerSecond: tokens / clock.lap(),
      progress: spent,
      seconds,
      secondsLeft: spent > 0 ? (seconds / spent) * (1 - spent) : Infinity,
    };
    tokens = 0;
    return event;
  }

  /** Does something with the means in the parameters' place, where there are any. */
  async function withMeans<T>(work: () => Promise<T>): Promise<T> {
    average?.exchange();
    try {
      return await work();
    } finally {
      average?.exchange();
    }
  }

  async function evaluate(): Promise<EvaluationEvent> {
    const { loss, tokens: count, metrics, criterion, seconds } = await clock.apart(() => evaluateJob(job));
    const best = criterion < (progress.best?.criterion ?? Infinity);
    progress.worse = best ? 0 : progress.worse + 1;
    if (best) {
      progress.best = { loss, step: progress.step, metrics, criterion };
      await run.saveBest();
    }
    schedule.observe?.(criterion);
    return {
      type: "evaluation",
      step: progress.step,
      loss,
      bitsPerToken: loss / Math.LN2,
      perplexity: Math.exp(loss),
      tokens: count,
      metrics,
      best,
      seconds,
    };
  }

  async function checkpoint(): Promise<TrainingEvent> {
    progress.seconds = clock.seconds();
    await clock.apart(() => run.saveCheckpoint(progress));
    saved = progress.step;
    return { type: "checkpoint", step: progress.step, path: run.path };
  }

  async function* saveAll(): AsyncGenerator<TrainingEvent, void> {
    if (!log.empty) yield await readLog();
    // First what a run goes on from: nothing in it needs the model's file until there was an evaluation.
    if (saved !== progress.step || progress.step === 0) yield await checkpoint();
    // Nothing was evaluated yet: what there is is the best, so that the folder holds a model.
    if (!progress.best) await clock.apart(() => withMeans(() => run.saveBest()));
  }

  /** Whether no step is half done. */
  let whole = true;
  job.model.train();
  try {
    // A run that goes on may have done more than it is now given.
    if (progress.step > 0 && spending.spent(progress.step, progress.seconds) >= 1) {
      progress.finished = "budget";
      yield* saveAll();
    }
    while (!progress.finished) {
      const failure = runtime().kernelSet.team?.failure;
      if (failure) throw failure;
      if (run.signal?.aborted) {
        yield* saveAll();
        yield {
          type: "end",
          reason: "interrupted",
          step: progress.step,
          best: bestOf(progress),
          seconds: clock.seconds(),
        };
        return;
      }
      whole = false;
      trainStep();
      whole = true;
      await turns.give();
      const over = spending.spent(progress.step, clock.seconds()) >= 1;
      const evaluationDue = over || progress.step % evaluateEvery === 0;
      const checkpointDue = over || progress.step % checkpointEvery === 0;
      // Nothing is saved before its losses were read and found finite.
      if (log.full || evaluationDue || checkpointDue) yield await readLog();
      if (evaluationDue) yield await withMeans(evaluate);
      const stop = patience !== undefined && progress.worse >= patience;
      if (over || stop) progress.finished = over ? "budget" : "early-stopping";
      if (checkpointDue || stop) yield await checkpoint();
    }
    yield {
      type: "end",
      reason: progress.finished,
      step: progress.step,
      best: bestOf(progress),
      seconds: clock.seconds(),
    };
  } catch (error) {
    if (!(error instanceof HiddenstateError) || error.code !== "worker") throw error;
    if (whole) yield* saveAll();
    const place = saved > 0 || whole ? `the run is saved up to step ${saved}` : "nothing was saved yet";
    throw new HiddenstateError("worker", `train: ${error.message}; ${place}`, { cause: error });
  } finally {
    average?.end();
    log.end();
    job.model.eval();
  }
}

/** The best evaluation as events tell it. */
export function bestOf({ best }: Progress): BestEvaluation | null {
  return best && { loss: best.loss, step: best.step, ...(best.metrics && { metrics: best.metrics }) };
}

async function evaluateJob(job: TrainingJob): Promise<JobEvaluation & { criterion: number; seconds: number }> {
  const start = performance.now();
  job.model.eval();
  try {
    const found = await finished(job.evaluate());
    const { loss, criterion = loss } = found;
    if (!Number.isFinite(loss)) {
      throw new HiddenstateError(
        "not-finite",
        `train: the held-out loss became ${loss}; the last good checkpoint was kept; try a lower learning rate`,
      );
    }
    return { ...found, criterion, seconds: (performance.now() - start) / 1000 };
  } finally {
    job.model.train();
  }
}

/** Seconds of training: evaluating and saving do not count, nor does the time before a resume. */
class Clock {
  #start: number;
  #lap: number;

  constructor(before: number) {
    this.#start = performance.now() - before * 1000;
    this.#lap = performance.now();
  }

  seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** Seconds since the last lap. */
  lap(): number {
    const now = performance.now();
    const seconds = (now - this.#lap) / 1000;
    this.#lap = now;
    return seconds;
  }

  /** Runs something whose time does not count. */
  async apart<T>(work: () => Promise<T>): Promise<T> {
    const before = performance.now();
    try {
      return await work();
    } finally {
      const spent = performance.now() - before;
      this.#start += spent;
      this.#lap += spent;
    }
  }
}
