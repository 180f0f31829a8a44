import { stat } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { type CellKind, type EndEvent, HiddenstateError, type TrainingEvent } from "@hiddenstate/core";
import { startEngine } from "../engine.ts";
import { refuseUnreadable } from "../files/refuse-unreadable.ts";
import { FolderStorage } from "../files/folder-storage.ts";
import { recognise } from "../tasks/recognise.ts";
import { type TaskName, taskOf } from "../tasks/tasks.ts";
import type { TaskOptions } from "../train-options.ts";
import { type AnyOptions, requireNew, trainAsPlanned, type TrainedRun } from "../train.ts";
import type { CompareEvent, ComparedCell, Comparison, ComparePlan, RunResult } from "./comparison.ts";
import { lossPicture } from "./loss-picture.ts";
import { planComparison } from "./plan-comparison.ts";
import { measureCells } from "./quality.ts";
import { recommend } from "./recommend.ts";
import { type CompareRecord, readRecord, writeRecord } from "./record.ts";
import { readCourse } from "./run-curve.ts";
import { checkSame } from "./same-comparison.ts";
import { stepCost } from "./step-cost.ts";
import { optionsOf } from "./training-options.ts";

/** What is compared, and how often. */
export interface ComparedCells {
  /** A path. */
  data: string;
  /** Two or more. Default: rnn, lstm, gru, mingru and transformer, or those of them that the task can be learned with. */
  cells?: readonly CellKind[];
  /** How many seeds each is trained with, at least 2, from `seed` on. Default 2. */
  seeds?: number;
  /** How many parameters each is given. Default: as many as the first has with `hidden`. */
  parameters?: number;
}

/** What `compare` takes: all options of a task's training but `cell` and `from`, and what is compared. */
export type CompareOptions<T extends TaskName = TaskName> = {
  [Name in T]: Omit<TaskOptions<Name>, "cell" | "data" | "from"> & ComparedCells & { task?: Name };
}[T];

/** Options of which only is known what all tasks have. */
export type AnyComparison = Omit<AnyOptions, "data"> & ComparedCells;

/**
 * Trains several cells on the same data, with as many parameters and the same budget each, and says which to take. Each run is a normal
 * run in a folder of its own below `out`; a comparison that was stopped goes on with `resume`.
 *
 * @returns what was found, also when it was stopped by `signal`
 * @throws HiddenstateError for data, options and budgets that are wrong, and what trainings throw
 * @example
 * const comparison = compare({ data: "book.txt", cells: ["lstm", "gru", "transformer"], minutes: 3 });
 * for (;;) {
 *   const { done, value } = await comparison.next();
 *   if (done) return console.log(value.recommendation.reason);
 * }
 */
export async function* compare(given: CompareOptions): AsyncGenerator<CompareEvent, Comparison> {
  const options: AnyComparison = given;
  const { cells, seeds = 2, parameters, resume = false, signal, ...training } = options;
  const folder = options.out ?? join("runs", `compare-${basename(resolve(options.data), extname(options.data))}`);
  const asBytes = "tokenizer" in options && options.tokenizer === "byte";
  for (const path of [options.data, options.validation]) if (path !== undefined) await refuseUnreadable(path, asBytes);
  if (!resume) await requireNew(folder, "compare");
  const { backend, instructionSet, threads } = options;
  const storage = new FolderStorage(folder);
  let record = resume ? await readRecord(storage) : null;
  await startEngine({ backend, instructionSet, threads });
  if (record) {
    yield { type: "task", task: record.plan.task };
    await checkSame(record.plan, { ...options }, folder);
  } else {
    if (resume) yield { type: "notice", text: `${folder} has no comparison yet: it starts over` };
    const { task, sentence } = options.task
      ? { task: options.task, sentence: null }
      : await recognise({ ...training, data: options.data });
    if (sentence !== null) yield { type: "notice", text: sentence };
    yield { type: "task", task };
    const planning = planComparison(task, { cells, seeds, parameters }, { ...training, data: options.data }, folder);
    record = { plan: yield* planning, runs: [], failures: [] };
    await writeRecord(storage, record);
  }
  const { plan } = record;
  yield { type: "plan", plan, folder };

  const planned = plan.seeds.flatMap((seed) => plan.cells.map((cell) => ({ cell, seed })));
  for (const [i, { cell, seed }] of planned.entries()) {
    const isThis = (run: { cell: CellKind; seed: number }): boolean => run.cell === cell.cell && run.seed === seed;
    if (record.runs.some(isThis) || record.failures.some(isThis)) continue;
    if (signal?.aborted) break;
    const run = runCell(plan, cell, seed, { data: options.data, folder, signal });
    let finished: RunResult | null;
    try {
      let next = await run.next();
      for (; !next.done; next = await run.next())
        yield { type: "run", cell: cell.cell, seed, run: i + 1, runs: planned.length, event: next.value };
      finished = next.value;
    } catch (error) {
      if (!(error instanceof HiddenstateError) || error.code !== "not-finite") throw error;
      const failure = { cell: cell.cell, seed, reason: error.message };
      record.failures.push(failure);
      await writeRecord(storage, record);
      yield { type: "failure", failure };
      continue;
    }
    if (finished === null) break;
    record.runs.push(finished);
    await writeRecord(storage, record);
    yield { type: "result", result: finished };
  }
  return conclude(record, folder, planned.length);
}

/** One run from its start, or from where it was stopped, to its result; null where it is stopped. */
async function* runCell(
  plan: ComparePlan,
  cell: ComparedCell,
  seed: number,
  { data, folder, signal }: { data: string; folder: string; signal: AbortSignal | undefined },
): AsyncGenerator<TrainingEvent, RunResult | null> {
  const name = `${cell.cell}-seed${seed}`;
  const place = join(folder, name);
  const options = { ...optionsOf(plan.options, cell), ...plan.budget, seed, data, signal, resume: await exists(place) };
  const training = trainAsPlanned({ task: plan.task, folder: place, sentence: null, options });
  let end: EndEvent | undefined;
  let trained: TrainedRun | undefined;
  for (let next = await training.next(); ; next = await training.next()) {
    if (next.done) {
      trained = next.value;
      break;
    }
    if (next.value.type === "end") end = next.value;
    yield next.value;
  }
  if (!end || end.reason === "interrupted" || !end.best) return null;
  const course = await readCourse(new FolderStorage(place));
  return {
    cell: cell.cell,
    seed,
    folder: name,
    loss: end.best.loss,
    metrics: end.best.metrics ?? {},
    seconds: end.seconds,
    bestSeconds: course.secondsAt(end.best.step),
    steps: end.step,
    tokensPerSecond: course.tokensPerSecond,
    curve: course.curve,
    cost: await stepCost(taskOf(plan.task).work(trained.model)),
  };
}

/** Tables' numbers, the recommendation and the picture, of the runs that are finished. */
async function conclude({ plan, runs, failures }: CompareRecord, folder: string, planned: number): Promise<Comparison> {
  const { quality, cells } = measureCells(plan, runs);
  const recommendation = recommend(cells, quality);
  const complete = runs.length + failures.length === planned;
  const comparison: Comparison = { plan, quality, runs, failures, cells, recommendation, complete, folder };
  if (runs.length > 0) {
    const picture = await lossPicture(comparison);
    for (const ending of ["svg", "png"]) await picture.save(join(folder, `loss.${ending}`));
  }
  return comparison;
}

async function exists(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory();
  } catch {
    return false;
  }
}
