import { Command } from "commander";
import type { EngineChoice } from "../../engine.ts";
import { load } from "../../load.ts";
import { checkPictureFile } from "../../pictures/picture.ts";
import { taskOf } from "../../tasks/tasks.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { beamOption } from "../options/beam-option.ts";
import { refuseFlagsOfOthers } from "../options/flags-of-others.ts";
import { engineOptions } from "../options/engine-options.ts";
import { rateOption } from "../options/rate-option.ts";
import { Output } from "../output.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

interface PredictFlags extends EngineChoice {
  beam?: number;
  rate?: number;
  picture?: string;
  json?: true;
}

export function predictCommand(session: Session): Command {
  const command = new Command("predict")
    .summary("ask a model about new data")
    .description(
      "Ask a model about new data: what each sequence is, what tag each word has, what each text becomes, or how odd each line of a text and each value of " +
        "a series is. Writes a line of JSON for each, which keeps the columns of the input. Without data, standard input is read: lines of text, " +
        "CSV, TSV or lines of JSON.",
    )
    .argument("<model>", "the model's folder")
    .argument("[data...]", "files to read, as the training's data was")
    .addOption(beamOption())
    .addOption(rateOption())
    .option(
      "--picture <file>",
      "texts and series: draw how odd each line or value is, to a file that ends in .svg, .png or .html",
    );
  for (const option of engineOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate predict runs/reviews new-reviews.csv > found.jsonl
  echo Nakamura | hiddenstate predict runs/names | jq -r .predicted
  hiddenstate predict runs/reviews new-reviews.csv | jq -c 'select(.probability < 0.6)'
  hiddenstate predict runs/dates dates.txt --beam 4`,
    )
    .action(async (folder: string, paths: string[], flags: PredictFlags) => {
      session.exitCode = await runPrediction(folder, paths, flags);
    });
}

async function runPrediction(
  folder: string,
  paths: string[],
  { json, beam, rate, picture, ...engine }: PredictFlags,
): Promise<number> {
  const output = new Output(json ?? false);
  if (picture !== undefined) checkPictureFile(picture);
  const model = await load(folder, engine);
  output.noteEngine();
  const task = taskOf(model.task);
  if (!task.predict)
    throw new UsageError(
      "unsupported",
      `unsupported model ${folder}: it is ${task.noun}, which predicts nothing about rows`,
    );
  refuseFlagsOfOthers(task, folder, { beam, rate, picture });
  const drawn: object[] = [];
  // Whoever waits for a line has to be woken: the input ends here.
  using interruption = new Interruption(() => void (paths.length === 0 && process.stdin.destroy())).listen();
  const { signal } = interruption;
  try {
    const notice = (text: string): void => output.note(text);
    for await (const answers of task.predict(model, { paths, input: process.stdin, signal, beam, rate, notice })) {
      await output.lines(answers);
      if (picture !== undefined) drawn.push(...answers);
      if (signal.aborted || !output.listening) break;
    }
  } catch (fault) {
    if (!signal.aborted) throw fault;
  }
  if (picture !== undefined && !signal.aborted) {
    await (await task.drawPrediction!(model, drawn, rate)).save(picture);
    output.note(`drawn in ${picture}`);
  }
  return signal.aborted ? interruptedCode : 0;
}
