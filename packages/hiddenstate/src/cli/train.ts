import { cellKinds, type EndEvent, type TextModel } from "@hiddenstate/core";
import { Command, Option } from "commander";
import type { TrainOptions } from "../train-options.ts";
import { outputFolder, train } from "../train.ts";
import { choiceOption } from "./choice-option.ts";
import { engineOptions } from "./engine-options.ts";
import { Interruption, interruptedCode } from "./interruption.ts";
import { numberOption } from "./number-option.ts";
import { Output } from "./output.ts";
import type { Session } from "./program.ts";
import { showProgress } from "./progress.ts";
import { describeEvent, resultLines, suggestionLines } from "./training-report.ts";

/** The options as commander gives them: those that stand on the command line. */
interface TrainFlags extends Omit<TrainOptions, "data" | "signal" | "minimumCount"> {
  minCount?: number;
  json?: true;
}

const positive = { whole: true, min: 1 } as const;

const modelOptions = (): Option[] => [
  choiceOption("--task <task>", "what to learn: lm, a language model", ["lm"]).default("lm"),
  choiceOption("--cell <cell>", "recurrent cell (default: lstm)", cellKinds),
  numberOption("--hidden <size>", "size of the hidden state (default: 256)", positive),
  numberOption("--layers <n>", "recurrent layers (default: 2)", positive),
  numberOption("--dropout <share>", "dropped between layers while training (default: 0.3)", { min: 0, below: 1 }),
];

const dataOptions = (): Option[] => [
  new Option("--validation <file>", "held-out text (default: the last tenth of the data, at most a million tokens)"),
  choiceOption("--tokenizer <kind>", "what a token is (default: character)", ["character", "byte", "word"]),
  numberOption("--min-count <n>", "rarer words become one unknown word, word tokenizer only (default: 1)", positive),
  numberOption("--batch <n>", "streams of text side by side (default: 32)", positive),
  numberOption("--bptt <steps>", "window of truncated backpropagation through time (default: 64)", positive),
  numberOption("--stride <steps>", "from one window to the next, at most bptt (default: bptt)", positive),
];

const trainingOptions = (): Option[] => [
  numberOption("--epochs <n>", "budget: passes over the data (default: 10)", { above: 0 }).conflicts([
    "steps",
    "minutes",
  ]),
  numberOption("--steps <n>", "or a budget of optimiser steps", positive).conflicts(["epochs", "minutes"]),
  numberOption("--minutes <m>", "or a budget of minutes", { above: 0 }).conflicts(["epochs", "steps"]),
  choiceOption("--optimizer <name>", "(default: adam)", ["adam", "adamw", "sgd"]),
  numberOption("--lr <rate>", "learning rate (default: 1e-3)", { above: 0 }),
  numberOption("--weight-decay <rate>", "(default: 0)", { min: 0 }),
  numberOption("--momentum <share>", "sgd only (default: 0)", { min: 0, below: 1 }),
  numberOption("--clip <norm>", "largest global gradient norm (default: 1.0)", { above: 0 }),
  choiceOption("--schedule <name>", "of the learning rate, over the budget (default: constant)", [
    "constant",
    "cosine",
    "step",
    "plateau",
  ]),
  numberOption("--warmup <steps>", "linear warm-up, cosine schedule only (default: 0)", { whole: true, min: 0 }),
  numberOption("--patience <n>", "stop after so many evaluations without a lower loss (default: never)", positive),
  new Option("--recompute", "compute activations twice instead of keeping them: less memory where --bptt is long"),
  numberOption("--seed <n>", "key of all random numbers (default: 0)", { whole: true, min: 0 }),
];

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
    .summary("train a network on a text")
    .description(
      "Train a recurrent network on a text and keep the best model in a folder. Ctrl-C finishes the step and saves; " +
        "--resume goes on from there.",
    )
    .argument("<data>", "the text to learn from, a UTF-8 file");
  const groups = { Model: modelOptions(), Data: dataOptions(), Training: trainingOptions(), Run: runOptions() };
  for (const [title, options] of Object.entries(groups)) {
    for (const option of options) command.addOption(option.helpGroup(`${title}:`));
  }
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate train book.txt                            the defaults, into runs/book
  hiddenstate train book.txt --minutes 5 --hidden 512   a larger model, for five minutes
  hiddenstate train book.txt --resume                   go on where Ctrl-C stopped it
  hiddenstate train access.log --cell gru --tokenizer word --min-count 3
  hiddenstate train book.txt --steps 1000 --json | jq -c 'select(.type == "evaluation")'`,
    )
    .action(async (data: string, flags: TrainFlags) => {
      session.exitCode = await runTraining(data, flags, session);
    });
}

async function runTraining(
  data: string,
  { json, minCount, ...options }: TrainFlags,
  { suggestions }: Session,
): Promise<number> {
  const output = new Output(json ?? false);
  let end: EndEvent | undefined;
  const folder = outputFolder({ data, out: options.out });
  let model: TextModel;
  {
    using progress = showProgress();
    using interruption = new Interruption(() =>
      progress.line("finishing the step and saving; interrupt again to quit at once"),
    );
    const run = train({ ...options, minimumCount: minCount, data, signal: interruption.signal });
    let next = await run.next();
    // Until now there is nothing to save, and no turn of the event loop in which a signal could arrive.
    interruption.listen();
    while (!next.done) {
      const event = next.value;
      output.record(event);
      if (event.type === "step") progress.step(event);
      else if (event.type === "end") end = event;
      else if (event.type !== "checkpoint") progress.line(describeEvent(event));
      next = await run.next();
    }
    model = next.value;
  }
  const report = { data, folder, end: end!, kind: model.tokenizer.kind };
  for (const line of resultLines(report)) output.say(line);
  if (suggestions) for (const line of suggestionLines(report)) output.say(line);
  return end!.reason === "interrupted" ? interruptedCode : 0;
}
