import type { ClassifierModel, ForecasterModel, TaggerModel, TextModel, TranslatorModel } from "@hiddenstate/core";
import { type ClassifierGiven, classifyTask } from "./classification/classify.ts";
import { type ForecastGiven, forecastTask } from "./forecasting/forecast-task.ts";
import { type LanguageModelGiven, languageModelTask } from "./language-model.ts";
import { type TaggerGiven, tagTask } from "./tagging/tag.ts";
import type { Task } from "./task.ts";
import { seq2seqTask, type TranslatorGiven } from "./translation/seq2seq.ts";

/** Every task: what its training is given, and what comes of it. */
export interface Tasks {
  seq2seq: Task<TranslatorGiven, TranslatorModel>;
  tag: Task<TaggerGiven, TaggerModel>;
  forecast: Task<ForecastGiven, ForecasterModel>;
  classify: Task<ClassifierGiven, ClassifierModel>;
  lm: Task<LanguageModelGiven, TextModel>;
}

/**
 * The tasks, in the order in which they are asked whether data is theirs: those that ask much of it first, and last the one that takes any
 * text.
 */
export const tasks: Tasks = {
  seq2seq: seq2seqTask,
  tag: tagTask,
  forecast: forecastTask,
  classify: classifyTask,
  lm: languageModelTask,
};

export type TaskName = keyof Tasks;

export const taskNames: readonly TaskName[] = Object.keys(tasks) as TaskName[];

/** The options of a task's training. */
export type GivenOf<T extends TaskName> = Tasks[T] extends Task<infer Given, infer _> ? Given : never;

/** The class of a task's models. */
export type ModelOf<T extends TaskName> = Tasks[T] extends Task<infer _, infer Model> ? Model : never;

/** A task of which nothing more is known: for code that treats all alike. */
// Each takes its own options and models, and whoever gets a task by name has those too.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyTask = Task<any, any>;

export function taskOf(name: TaskName): AnyTask {
  return tasks[name];
}

export function isTaskName(name: unknown): name is TaskName {
  return typeof name === "string" && Object.hasOwn(tasks, name);
}
