import type { EndEvent, EvaluationEvent, NoticeEvent, StartEvent, TokenizerKind } from "@hiddenstate/core";
import { count, duration } from "./format.ts";
import { commandLine } from "./invocation.ts";
import { describeLoss } from "./loss.ts";

/** A rare event of training as one line for people. */
export function describeEvent(event: StartEvent | EvaluationEvent | NoticeEvent): string {
  if (event.type === "notice") return event.text;
  if (event.type === "evaluation")
    return `step ${count(event.step)}: held-out loss ${event.loss.toFixed(3)}${event.best ? ", the best so far" : ""}`;
  const start = event.step > 0 ? `going on after step ${count(event.step)}: ` : "";
  return (
    `${start}${count(event.parameters)} parameters, ${count(event.trainingTokens)} tokens to learn from, ` +
    `${count(event.validationTokens)} held out, ${count(event.stepsPerEpoch)} steps an epoch`
  );
}

/** How a run ended. */
export interface TrainingReport {
  /** The path of the data. */
  data: string;
  /** The model's folder. */
  folder: string;
  end: EndEvent;
  kind: TokenizerKind;
}

/** What a person wants to know after training: how good the model is and where it lies. */
export function resultLines({ folder, end, kind }: TrainingReport): string[] {
  const { best, reason, step, seconds } = end;
  const lines: string[] = [];
  if (reason === "early-stopping") lines.push("stopped early: the held-out loss does not fall any more");
  if (best) lines.push(`held-out loss ${describeLoss(best.loss, kind)} (step ${count(best.step)})`);
  const how = reason === "interrupted" ? "interrupted; saved" : "saved";
  return [...lines, `${how} in ${folder} after ${count(step)} steps, ${duration(seconds)}`];
}

/** Commands that are likely to come next. */
export function suggestionLines({ data, folder, end }: TrainingReport): string[] {
  if (end.reason === "interrupted")
    return [`go on:         ${commandLine("train", data, "--out", folder, "--resume")}`];
  return [
    `let it write:  ${commandLine("generate", folder, "--length", "400")}`,
    `test it:       ${commandLine("evaluate", folder, "other.txt")}`,
  ];
}
