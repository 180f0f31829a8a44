import { readdir } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { engine, HiddenstateError, type TrainingEvent } from "@hiddenstate/core";
import { startEngine } from "./engine.ts";
import { FolderStorage } from "./files/folder-storage.ts";
import { refuseUnreadable } from "./files/refuse-unreadable.ts";
import { failedWith, storageFault } from "./files/storage-fault.ts";
import { recallOptions, recallTask, recordOptions } from "./recorded-options.ts";
import { recognise } from "./tasks/recognise.ts";
import type { PreparedTraining, TaskGiven, TrainedModel } from "./tasks/task.ts";
import { isTaskName, type ModelOf, type TaskName, taskNames, taskOf } from "./tasks/tasks.ts";
import type { RunOptions, TaskOptions, TrainOptions, UntoldOptions } from "./train-options.ts";

/** Options of which only is known what all tasks have. */
export type AnyOptions = TaskGiven & RunOptions & { task?: TaskName };

/**
 * Trains a model on a file or on data in memory, keeping the best one and all that is needed to resume in a folder. Yields what
 * happens as it happens and returns the best model. Starts the engine if the program has not.
 *
 * Without `task`, the data tells what to learn, and a notice after the start says what and why.
 *
 * @throws HiddenstateError `missing`, `invalid` or `storage` for data that can't be read, `invalid` for a folder that exists,
 *   and what the task's training throws
 * @example
 * for await (const event of train({ task: "lm", data: "shakespeare.txt", cell: "lstm", steps: 1000 })) {
 *   if (event.type === "evaluation") console.log(event.step, event.loss);
 * }
 */
export function train<T extends TaskName>(
  options: TaskOptions<T> & { task: T },
): AsyncGenerator<TrainingEvent, ModelOf<T>>;
export function train(options: TrainOptions | UntoldOptions): AsyncGenerator<TrainingEvent, ModelOf<TaskName>>;
export async function* train(options: object): AsyncGenerator<TrainingEvent, TrainedModel> {
  return (yield* trainAsPlanned(await planTraining(options as AnyOptions))).model;
}

/** A training that was decided upon, before any data but its beginning is read. */
export interface PlannedTraining {
  task: TaskName;
  folder: string;
  /** What was recognised, and why; null where the task was said. */
  sentence: string | null;
  options: AnyOptions;
}

/**
 * Decides what to learn and where the model goes.
 *
 * @throws HiddenstateError `unsupported` or `missing` for the task, `invalid` for a folder that exists, and for data that can't be looked at
 */
export async function planTraining(options: AnyOptions): Promise<PlannedTraining> {
  const { task, resume = false, data, validation } = options;
  checkTask(task);
  const asBytes = "tokenizer" in options && options.tokenizer === "byte";
  for (const path of [data, validation]) if (typeof path === "string") await refuseUnreadable(path, asBytes);
  const folder = outputFolder(options);
  if (!resume) await requireNew(folder, "train");
  const recalled = resume ? await recallTask(new FolderStorage(folder)) : null;
  return { ...(await decide(options, recalled)), folder, options };
}

/** What is left when a training is over. */
export interface TrainedRun {
  model: TrainedModel;
  /** Tells how good the model is in full; undefined where its loss says all. */
  report: PreparedTraining<TrainedModel>["report"];
}

/** Trains as planned. */
export async function* trainAsPlanned(plan: PlannedTraining): AsyncGenerator<TrainingEvent, TrainedRun> {
  const { folder, sentence, options } = plan;
  const { task: _, data, out: __, resume = false, signal, ...given } = options;
  const storage = new FolderStorage(folder);
  const settings = resume ? await recallOptions<typeof given>(storage, given) : given;
  const { backend, instructionSet, threads, from, ...rest } = settings;
  const task = taskOf(plan.task);
  let prepared: PreparedTraining<TrainedModel> | undefined;
  let run: AsyncGenerator<TrainingEvent, TrainedModel> | undefined;
  let next: IteratorResult<TrainingEvent, TrainedModel> | undefined;
  try {
    try {
      prepared = await task.prepare({ ...rest, data }, { folder, told: sentence !== null });
      await startEngine({ backend, instructionSet, threads });
      for (const text of prepared.warnings) yield { type: "notice", text };
      run = prepared.train({ storage, resume, signal, ...(from !== undefined && { from: new FolderStorage(from) }) });
      // Everything given has been checked when the first event comes.
      next = await run.next();
    } catch (error) {
      throw sentence === null || plan.task === fallback ? error : withSentence(error, sentence);
    }
    await recordOptions(storage, settings);
    if (!next.done) yield next.value;
    for (const text of sentence === null ? prepared.notices : [sentence, ...prepared.notices])
      yield { type: "notice", text };
    let told = 0;
    for (next = await run.next(); !next.done; next = await run.next()) {
      yield next.value;
      for (const text of engine.info().notices.slice(told)) {
        told++;
        yield { type: "notice", text };
      }
    }
    return { model: next.value, report: prepared.report?.bind(prepared) };
  } finally {
    // Where the caller has had enough, the run must end too.
    if (run && !next?.done) await run.return(undefined as never);
    prepared?.close();
  }
}

/** The task of data that is nothing else: what it was taken for is not worth a word in an error. */
const fallback = taskNames.at(-1);

/** What to learn: what was asked for, what the run to go on with learns, or what the data looks like. */
async function decide(options: AnyOptions, recalled: unknown): Promise<{ task: TaskName; sentence: string | null }> {
  const { task, data } = options;
  if (recalled !== null) {
    if (!isTaskName(recalled) || (task !== undefined && task !== recalled))
      throw new HiddenstateError(
        "mismatch",
        `resume: mismatch in task: the run to go on with is for ${JSON.stringify(recalled)}, expected ${task ?? `one of ${taskNames.join(", ")}`}; ` +
          "leave the task out, or use another place",
      );
    return { task: recalled, sentence: null };
  }
  if (task !== undefined) return { task, sentence: null };
  if (typeof data === "string") return recognise({ ...options, data });
  throw new HiddenstateError(
    "missing",
    `train: missing task: data in memory does not tell what to learn; expected one of ${taskNames.join(", ")}`,
  );
}

function checkTask(task: unknown): void {
  if (task === undefined || isTaskName(task)) return;
  throw new HiddenstateError(
    "unsupported",
    `train: unsupported task: got ${JSON.stringify(task)}, expected one of ${taskNames.join(", ")}`,
  );
}

/** The same error, with what the data was taken for: that may be what is wrong. */
function withSentence(error: unknown, sentence: string): unknown {
  if (!(error instanceof HiddenstateError)) return error;
  return new HiddenstateError(error.code, `${error.message} (${sentence})`, { cause: error });
}

/** Where the model goes. */
function outputFolder({ task, data, out }: Pick<AnyOptions, "task" | "data" | "out">): string {
  if (out !== undefined) return out;
  const name = typeof data === "string" ? basename(resolve(data), extname(data)) : "";
  return join("runs", name === "" ? (task ?? "model") : name);
}

/** @throws HiddenstateError `invalid` for a folder that holds something, `storage` for one that can't be looked into */
export async function requireNew(folder: string, where: string): Promise<void> {
  let files: string[];
  try {
    files = await readdir(folder);
  } catch (fault) {
    if (failedWith(fault, "ENOENT")) return;
    throw storageFault(`cannot use ${folder} for the model`, fault);
  }
  if (files.length > 0)
    throw new HiddenstateError(
      "invalid",
      `${where}: invalid out: the folder ${folder} exists already; pass --resume to go on with its run, or another --out`,
    );
}
