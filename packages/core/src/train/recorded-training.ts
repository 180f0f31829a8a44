import type { Tokenizer } from "../data/tokenizer.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { loadConfig, modelPaths, saveModel } from "../io/model-files.ts";
import type { ModelStorage } from "../io/model-storage.ts";
import {
  appendMetrics,
  cutMetrics,
  loadTraining,
  saveTraining,
  type SavedTraining,
  trainingPaths,
} from "../io/training-files.ts";
import type { ScheduleState } from "../optim/schedule.ts";
import type { TrainingEvent } from "./events.ts";
import type { TrainingJob } from "./job.ts";
import { compareRuns, type RunIdentity } from "./run-identity.ts";
import {
  bestOf,
  makeTrainer,
  type Progress,
  type Trainer,
  trainingLoop,
  type TrainingOptions,
} from "./training-loop.ts";

/**
 * How data was read, such as which columns of a table mean what: for whoever reads more of it later. It stands in `config.json` as
 * `source`; nothing else here looks at it.
 */
export type DataSource = Readonly<Record<string, unknown>>;

/** Where a training is recorded, and what is recorded with the parameters. */
export interface Recording {
  storage: ModelStorage;
  resume: boolean;
  signal?: AbortSignal;
  /** All that makes the model again. */
  config: object & { readonly task: string };
  source?: DataSource;
  tokenizer: Tokenizer | null;
  /** What must be the same for a run to go on. */
  identity: RunIdentity;
}

/** What the commit point holds besides tensors. */
interface RecordedProgress extends Progress {
  /** Absent in runs that were recorded before 0.1.0 was released. */
  run?: RunIdentity;
  draws: Record<string, number>;
  schedule: ScheduleState | null;
  job: Record<string, unknown>;
}

/**
 * A training loop whose model, commit points and metrics are kept in a storage, and which can go on from there: a resumed run ends
 * with the bytes of one that was never stopped (budgets in steps or epochs).
 *
 * @throws HiddenstateError `invalid` where a new run would overwrite one, `mismatch` where the run to go on had other options or data, `corrupt` for damaged files, and what the loop throws
 */
export async function* recordedTraining(
  job: TrainingJob,
  options: Required<TrainingOptions>,
  recording: Recording,
): AsyncGenerator<TrainingEvent, void> {
  const { storage, resume, signal, config, source, tokenizer, identity } = recording;
  await (resume ? refuseOtherTask(storage, config.task) : refuseUsed(storage));
  const trainer = makeTrainer(job, options);
  const saved = resume ? await loadTraining<RecordedProgress>(storage) : null;
  // Compared before anything is changed: a run that is refused stays as it was.
  const noted = saved?.progress.run;
  const unknown = noted ? compareRuns(storage.location, noted, identity) : saved ? ["its options and data"] : [];
  if (saved) restore(job, trainer, saved);
  await cutMetrics(storage, saved);
  const progress: Progress = saved
    ? { ...saved.progress, finished: null }
    : { step: 0, seconds: 0, best: null, worse: 0, finished: null };

  yield {
    type: "start",
    step: progress.step,
    parameters: job.model.parameterCount(),
    trainingTokens: job.trainingTokens,
    validationTokens: job.validationTokens,
    stepsPerEpoch: job.stepsPerEpoch,
    ...(job.longestSequence !== undefined && { longestSequence: job.longestSequence }),
  };
  for (const text of job.notices) yield { type: "notice", text };
  if (resume && !saved) {
    yield { type: "notice", text: `${storage.location} has no complete checkpoint yet: training starts over` };
  }
  if (unknown.length > 0) {
    const text = `${storage.location} was recorded by another version, which did not note ${unknown.join(", ")}: not compared`;
    yield { type: "notice", text };
  }
  if (saved && !saved.progress.finished && trainer.spending.spent(progress.step, progress.seconds) >= 1) {
    yield { type: "notice", text: `${storage.location} is at step ${progress.step} already: the budget is spent` };
  }
  if (saved?.progress.finished && !canGoOn(saved.progress, trainer)) {
    const { finished: reason, step, seconds } = saved.progress;
    yield { type: "notice", text: `${storage.location} finished at step ${step} already; nothing is left to do` };
    yield { type: "end", reason, step, best: bestOf(saved.progress), seconds };
    return;
  }

  if (!saved) await saveModel(storage, { config: source ? { ...config, source } : config, tokenizer });
  const loop = trainingLoop(job, trainer, options, progress, {
    path: storage.location,
    signal,
    saveBest: () => saveModel(storage, { parameters: job.model.stateDict() }),
    saveCheckpoint: (now) => commit(job, trainer, now, recording),
  });
  for await (const event of loop) {
    if (event.type === "step" || event.type === "evaluation") await appendMetrics(storage, event);
    yield event;
  }
}

/** @throws HiddenstateError `invalid` where a run is recorded already: a new one would mix with it */
async function refuseUsed(storage: ModelStorage): Promise<void> {
  for (const path of [modelPaths.config, modelPaths.parameters, trainingPaths.last]) {
    if ((await storage.size(path)) === null) continue;
    throw new HiddenstateError(
      "invalid",
      `train: invalid storage: ${storage.location} has a run already (${path}); resume it (resume: true), or use another place for a new one`,
    );
  }
}

/** @throws HiddenstateError `mismatch` where the run to go on, which may have no commit point yet, learns something else */
export async function refuseOtherTask(storage: ModelStorage, expected: string): Promise<void> {
  if ((await storage.size(modelPaths.config)) === null) return;
  const { task } = await loadConfig(storage);
  if (task === expected) return;
  throw new HiddenstateError(
    "mismatch",
    `resume: mismatch in task: ${storage.location} holds a model for ${shown(task)}, expected ${shown(expected)}; use another place`,
  );
}

/** A run whose budget was spent goes on if it is given a larger one. */
function canGoOn({ finished, step, seconds }: Progress, { spending }: Trainer): boolean {
  return finished === "budget" && spending.spent(step, seconds) < 1;
}

/** What the names of means begin with, where the carried state of the job lies too. */
const meanPrefix = "average/";

async function commit(
  job: TrainingJob,
  trainer: Trainer,
  progress: Progress,
  { storage, identity }: Recording,
): Promise<void> {
  const { tensors, values } = job.snapshot();
  const { schedule, optimizer, average } = trainer;
  const means = Array.from(average?.stateDict() ?? [], ([name, mean]) => [meanPrefix + name, mean] as const);
  await saveTraining<RecordedProgress>(storage, {
    parameters: job.model.stateDict(),
    optimizer: optimizer.stateDict(),
    carried: new Map([...tensors, ...means]),
    progress: {
      ...progress,
      run: identity,
      draws: job.model.drawCounts(),
      schedule: schedule.state?.() ?? null,
      job: values,
    },
  });
}

function restore(
  job: TrainingJob,
  { optimizer, schedule, average }: Trainer,
  saved: SavedTraining<RecordedProgress>,
): void {
  const { progress, parameters, carried } = saved;
  job.model.loadStateDict(parameters);
  job.model.restoreDrawCounts(progress.draws);
  optimizer.loadStateDict(saved.optimizer);
  if (progress.schedule) schedule.restore?.(progress.schedule);
  const ofJob = [...carried].filter(([name]) => !name.startsWith(meanPrefix));
  job.restore({ tensors: new Map(ofJob), values: progress.job });
  const means = [...carried].filter(([name]) => name.startsWith(meanPrefix));
  average?.loadStateDict(new Map(means.map(([name, mean]) => [name.slice(meanPrefix.length), mean])));
  for (const [, mean] of means) mean.end();
  for (const values of [...parameters.values(), ...saved.optimizer.values()])
    if (typeof values !== "number") values.end();
}
