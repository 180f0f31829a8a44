import type { EndEvent, EvaluationEvent, NoticeEvent, StartEvent } from "@hiddenstate/core";
import { count, duration } from "../../format.ts";
import type { TrainedModel } from "../../tasks/task.ts";
import type { AnyTask } from "../../tasks/tasks.ts";
import { commandLine } from "../invocation.ts";

/** A rare event of training as one line for people. */
export function describeEvent(event: StartEvent | EvaluationEvent | NoticeEvent, task: AnyTask): string {
  if (event.type === "notice") return event.text;
  if (event.type === "evaluation")
    return `step ${count(event.step)}: ${task.describeEvaluation(event)}${event.best ? ", the best so far" : ""}`;
  const start = event.step > 0 ? `going on after step ${count(event.step)}: ` : "";
  return (
    `${start}${count(event.parameters)} parameters, ${count(event.trainingTokens)} ${task.counted} to learn from, ` +
    `${count(event.validationTokens)} held out, ${count(event.stepsPerEpoch)} steps an epoch`
  );
}

/** How a run ended. */
export interface TrainingReport {
  task: AnyTask;
  /** The path of the data. */
  data: string;
  /** The model's folder. */
  folder: string;
  end: EndEvent;
  model: TrainedModel;
}

/** What a person wants to know after training: how good the model is and where it lies. */
export function resultLines({ task, folder, end, model }: TrainingReport): string[] {
  const { best, reason, step, seconds } = end;
  const lines: string[] = [];
  if (reason === "early-stopping") lines.push("stopped early: the model gets no better any more");
  if (best) lines.push(`${task.describeBest(best, model)} (step ${count(best.step)})`);
  const how = reason === "interrupted" ? "interrupted; saved" : "saved";
  return [...lines, `${how} in ${folder} after ${count(step)} steps, ${duration(seconds)}`];
}

/** Commands that are likely to come next. */
export function suggestionLines({ task, data, folder, end, model }: TrainingReport): string[] {
  if (end.reason === "interrupted")
    return [`go on:         ${commandLine("train", data, "--out", folder, "--resume")}`];
  return task.next(model, folder).map(({ purpose, words }) => `${`${purpose}:`.padEnd(14)} ${commandLine(...words)}`);
}
