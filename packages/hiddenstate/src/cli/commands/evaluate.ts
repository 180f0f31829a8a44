import { Command } from "commander";
import type { EngineChoice } from "../../engine.ts";
import { load } from "../../load.ts";
import type { Report } from "../../tasks/task.ts";
import { taskOf } from "../../tasks/tasks.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { beamOption } from "../options/beam-option.ts";
import { refuseFlagsOfOthers } from "../options/flags-of-others.ts";
import { engineOptions } from "../options/engine-options.ts";
import { numberOption } from "../options/number-option.ts";
import { Output } from "../output.ts";
import { savePictures } from "../reports/save-pictures.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

interface EvaluateFlags extends EngineChoice {
  beam?: number;
  json?: true;
  pictures?: string;
  last?: number;
  horizon?: number;
  stride?: number;
}

export function evaluateCommand(session: Session): Command {
  const command = new Command("evaluate")
    .summary("measure how good a model is on other data")
    .description(
      "Measure how good a model is on data that it was not trained on, read as the training's data was. For a language model: " +
        "the mean loss of a token in nats and in bits, and the perplexity; the text is read from its beginning to its end with carried " +
        "state. For labels, numbers and tags: the usual scores, beside those of a baseline. For pairs of texts: exact match, BLEU, token accuracy, " +
        "and the loss along the text when the model reads the truth and when it reads what it wrote itself (exposure bias).",
    )
    .argument("<model>", "the model's folder")
    .argument("<data>", "the data to measure on");
  command.option("--pictures <folder>", "where to draw what there is to see, as SVG and PNG (default: nowhere)");
  const steps = { whole: true, min: 1 } as const;
  command
    .addOption(
      numberOption(
        "--last <steps>",
        "forecasters: test on so many steps at each series' end (default: all that training had not)",
        steps,
      ),
    )
    .addOption(
      numberOption("--horizon <steps>", "forecasters: steps to forecast each time (default: as trained for)", steps),
    )
    .addOption(
      numberOption("--stride <steps>", "forecasters: steps from one forecast to the next (default: 1)", steps),
    );
  command.addOption(beamOption());
  for (const option of engineOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate evaluate runs/book other-book.txt
  hiddenstate evaluate runs/book other-book.txt --json | jq .loss
  hiddenstate evaluate runs/reviews new-reviews.csv --pictures pictures
  hiddenstate evaluate runs/dates other-dates.tsv --json | jq .exactMatch`,
    )
    .action(async (folder: string, data: string, flags: EvaluateFlags) => {
      session.exitCode = await runEvaluation(folder, data, flags);
    });
}

async function runEvaluation(
  folder: string,
  path: string,
  { json, pictures, beam, last, horizon, stride, ...engine }: EvaluateFlags,
): Promise<number> {
  const output = new Output(json ?? false);
  const model = await load(folder, engine);
  output.noteEngine();
  const task = taskOf(model.task);
  if (!task.evaluate)
    throw new UsageError(
      "unsupported",
      `unsupported model ${folder}: it is ${task.noun}, which can't be measured on data alone`,
    );
  const backtest = { last, horizon, stride };
  refuseFlagsOfOthers(task, folder, { ...backtest, beam });
  using interruption = new Interruption(() => output.note("interrupted")).listen();
  const { signal } = interruption;
  let report: Report;
  try {
    report = await task.evaluate(model, { path, signal, backtest, beam });
  } catch (fault) {
    if (signal.aborted) return interruptedCode;
    throw fault;
  }
  const { record, lines } = report;
  output.record({ type: "evaluation", ...record });
  for (const line of lines) output.say(line);
  if (pictures !== undefined) for (const line of await savePictures(report, pictures)) output.say(line);
  return 0;
}
