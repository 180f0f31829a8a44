import { join } from "node:path";
import type { EndEvent } from "@hiddenstate/core";
import { Command, Option } from "commander";
import { taskNames, taskOf } from "../../tasks/tasks.ts";
import { type AnyOptions, planTraining, type TrainedRun, trainAsPlanned } from "../../train.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { choiceOption } from "../options/choice-option.ts";
import { engineOptions } from "../options/engine-options.ts";
import { numberOption } from "../options/number-option.ts";
import { refuseIdleFlags, taskOptions } from "../options/task-options.ts";
import { Output } from "../output.ts";
import { showProgress } from "../progress/training-progress.ts";
import { savePictures } from "../reports/save-pictures.ts";
import { describeEvent, resultLines, suggestionLines, type TrainingReport } from "../reports/training-report.ts";
import type { Session } from "../session.ts";

/** The options as commander gives them: those that stand on the command line. */
type TrainFlags = Omit<AnyOptions, "data" | "signal"> & { json?: true };

const positive = { whole: true, min: 1 } as const;

const taskOption = (): Option =>
  choiceOption(
    "--task <task>",
    `what to learn (default: what the data asks for): ${taskNames.map((name) => `${name}, ${taskOf(name).learns}`).join("; ")}`,
    taskNames,
  );

const runOptions = (): Option[] => [
  new Option("--out <folder>", "where the model goes (default: runs/ and the data's name)"),
  new Option("--resume", "go on with the run in that folder"),
  numberOption("--evaluate-every <steps>", "(default: once an epoch, but 100 to 1000)", positive),
  numberOption("--checkpoint-every <steps>", "(default: with every evaluation)", positive),
  numberOption("--log-every <steps>", "(default: 10)", positive),
  ...engineOptions(),
];

export function trainCommand(session: Session): Command {
  const command = new Command("train")
    .summary("train a network on your data")
    .description(
      "Train a recurrent network on your data and keep the best model in a folder. What is learned is what the data asks " +
        "for, unless --task says otherwise. Ctrl-C finishes the step and saves; --resume goes on from there.",
    )
    .argument("<data>", "what to learn from: a file or a folder");
  command.addOption(taskOption().helpGroup("Model:"));
  for (const option of taskOptions()) command.addOption(option);
  for (const option of runOptions()) command.addOption(option.helpGroup("Run:"));
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate train book.txt                            the defaults, into runs/book
  hiddenstate train book.txt --minutes 5 --hidden 512   a larger model, for five minutes
  hiddenstate train book.txt --resume                   go on where Ctrl-C stopped it
  hiddenstate train access.log --cell gru --tokenizer word --min-count 3
  hiddenstate train names                               a folder with a text file for each label
  hiddenstate train reviews.csv --text review --label stars --tokenizer word
  hiddenstate train pairs.tsv                           a text, a tab and the text that it becomes in each line
  hiddenstate train sensors.csv --group recording --label activity
  hiddenstate train book.txt --steps 1000 --json | jq -c 'select(.type == "evaluation")'`,
    )
    .action(async (data: string, flags: TrainFlags) => {
      session.exitCode = await runTraining(data, flags, session);
    });
}

async function runTraining(data: string, flags: TrainFlags, { suggestions }: Session): Promise<number> {
  const { json, ...options } = flags;
  const output = new Output(json ?? false);
  let end: EndEvent | undefined;
  let run: TrainedRun;
  const aborter = new AbortController();
  const plan = await planTraining({ ...options, data, signal: aborter.signal });
  const task = taskOf(plan.task);
  refuseIdleFlags(plan.task, options);
  {
    using progress = showProgress(task.counted);
    using interruption = new Interruption(() => {
      progress.line("finishing the step and saving; interrupt again to quit at once");
      aborter.abort();
    });
    const training = trainAsPlanned(plan);
    let next = await training.next();
    // Until now there is nothing to save, and no turn of the event loop in which a signal could arrive.
    interruption.listen();
    while (!next.done) {
      const event = next.value;
      output.record(event);
      if (event.type === "step") progress.step(event);
      else if (event.type === "end") end = event;
      else if (event.type !== "checkpoint") progress.line(describeEvent(event, task));
      next = await training.next();
    }
    run = next.value;
  }
  const { folder } = plan;
  const ended: TrainingReport = { task, data, folder, end: end!, model: run.model };
  for (const line of resultLines(ended)) output.say(line);
  if (run.report && end!.reason !== "interrupted") {
    const report = await run.report(run.model);
    output.record({ type: "result", ...report.record });
    for (const line of ["", ...report.lines, ""]) output.say(line);
    for (const line of await savePictures(report, join(folder, "pictures"))) output.say(line);
  }
  if (suggestions) for (const line of suggestionLines(ended)) output.say(line);
  return end!.reason === "interrupted" ? interruptedCode : 0;
}
