import type { Tokenizer } from "../data/tokenizer.ts";
import { HiddenstateError, shown } from "../errors.ts";
import { saveModel } from "../io/model-files.ts";
import type { ModelStorage } from "../io/model-storage.ts";
import { appendMetrics, resumeTraining, saveTraining, type SavedTraining } from "../io/training-files.ts";
import { PlateauSchedule } from "../optim/schedule.ts";
import type { TrainingEvent } from "./events.ts";
import type { TrainingJob } from "./job.ts";
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
  config: object;
  source?: DataSource;
  tokenizer: Tokenizer | null;
  /** What must be the same for a run to go on, by option name. */
  identity: Readonly<Record<string, unknown>>;
}

/** What the commit point holds besides tensors. */
interface RecordedProgress extends Progress {
  identity: Record<string, unknown>;
  draws: Record<string, number>;
  schedule: ReturnType<PlateauSchedule["state"]> | null;
  job: Record<string, unknown>;
}

/**
 * A training loop whose model, commit points and metrics are kept in a storage, and which can go on from there: a resumed run ends
 * with the bytes of one that was never stopped (budgets in steps or epochs).
 *
 * @throws HiddenstateError `mismatch` where the run to go on had other options, `corrupt` for damaged files, and what the loop throws
 */
export async function* recordedTraining(
  job: TrainingJob,
  options: Required<TrainingOptions>,
  given: Recording,
): AsyncGenerator<TrainingEvent, void> {
  const { average } = options;
  const recording = average > 0 ? { ...given, identity: { ...given.identity, average } } : given;
  const { storage, resume, signal, config, source, tokenizer } = recording;
  const trainer = makeTrainer(job, options);
  const saved = resume ? await resumeTraining<RecordedProgress>(storage) : null;
  if (saved) restore(job, trainer, saved, recording);
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
      identity: { ...identity },
      draws: job.model.drawCounts(),
      schedule: schedule instanceof PlateauSchedule ? schedule.state() : null,
      job: values,
    },
  });
}

function restore(
  job: TrainingJob,
  { optimizer, schedule, average }: Trainer,
  saved: SavedTraining<RecordedProgress>,
  { storage, identity }: Recording,
): void {
  const { progress, parameters, carried } = saved;
  const names = new Set([...Object.keys(identity), ...Object.keys(progress.identity)]);
  const differences = [...names].flatMap((name) => {
    const [was, is] = [progress.identity[name], identity[name]];
    // What there was no option for yet when the run began was off.
    return (was ?? false) === (is ?? false) ? [] : [`${name} was ${shown(was)}, is ${shown(is)}`];
  });
  if (differences.length > 0) {
    throw new HiddenstateError(
      "mismatch",
      `resume: mismatch in options: ${storage.location} was trained otherwise: ${differences.join("; ")}; ` +
        "use the same options, or another place for a new run",
    );
  }
  job.model.loadStateDict(parameters);
  job.model.restoreDrawCounts(progress.draws);
  optimizer.loadStateDict(saved.optimizer);
  if (schedule instanceof PlateauSchedule && progress.schedule) schedule.restore(progress.schedule);
  const ofJob = [...carried].filter(([name]) => !name.startsWith(meanPrefix));
  job.restore({ tensors: new Map(ofJob), values: progress.job });
  const means = [...carried].filter(([name]) => name.startsWith(meanPrefix));
  average?.loadStateDict(new Map(means.map(([name, mean]) => [name.slice(meanPrefix.length), mean])));
  for (const [, mean] of means) mean.end();
  for (const values of [...parameters.values(), ...saved.optimizer.values()])
    if (typeof values !== "number") values.end();
}
