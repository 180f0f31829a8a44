import type { ForecastOptions } from "@hiddenstate/core";
import { Command } from "commander";
import type { EngineChoice } from "../../engine.ts";
import { load } from "../../load.ts";
import { checkPictureFile } from "../../pictures/picture.ts";
import { forecastPicture } from "../../tasks/forecasting/forecast-pictures.ts";
import { forecastLines } from "../../tasks/forecasting/forecast-report.ts";
import { ofFile, readSeriesAs } from "../../tasks/forecasting/series-files.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { engineOptions } from "../options/engine-options.ts";
import { levelsOption } from "../options/levels-option.ts";
import { numberOption } from "../options/number-option.ts";
import { Output } from "../output.ts";
import type { Session } from "../session.ts";

interface ForecastFlags
  extends Pick<ForecastOptions, "intervals" | "quantiles" | "samples" | "paths" | "seed">, EngineChoice {
  horizon?: number;
  picture?: string;
  json?: true;
}

const defaultIntervals: readonly number[] = [0.8, 0.95];

export function forecastCommand(session: Session): Command {
  const command = new Command("forecast")
    .summary("say what comes next in series")
    .description(
      "Say what comes after the last value of each series in the data, which is read as the training's data was: a number for each step, " +
        "intervals in which the value lies with the probability that they name, and, if asked for, ways that the series may go.",
    )
    .argument("<model>", "the model's folder")
    .argument("<data>", "the series' past: CSV, TSV, lines of JSON or Parquet")
    .addOption(numberOption("--horizon <n>", "steps to forecast (default: as trained for)", { whole: true, min: 1 }))
    .addOption(levelsOption("--intervals <levels>", "of the intervals: percent or shares (default: 80,95)"))
    .addOption(levelsOption("--quantiles <levels>", "quantiles to give besides, such as 10,50,90"))
    .addOption(numberOption("--samples <n>", "sampled paths to give (default: 0)", { whole: true, min: 0 }))
    .addOption(
      numberOption("--paths <n>", "sampled paths that later steps' intervals are made from (default: 500)", {
        whole: true,
        min: 2,
      }),
    )
    .addOption(numberOption("--seed <n>", "key of the sampled paths (default: 0)", { whole: true, min: 0 }))
    .option("--picture <file>", "draw past and forecast: a file that ends in .svg, .png or .html");
  for (const option of engineOptions()) command.addOption(option);
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate forecast runs/sales sales.csv --horizon 12
  hiddenstate forecast runs/sales sales.csv --horizon 12 --samples 20 --picture sales.png
  hiddenstate forecast runs/sales sales.csv --horizon 12 --json | jq .values`,
    )
    .action(async (folder: string, data: string, flags: ForecastFlags) => {
      session.exitCode = await runForecast(folder, data, flags);
    });
}

async function runForecast(folder: string, data: string, flags: ForecastFlags): Promise<number> {
  const { json, horizon, picture, backend, instructionSet, threads, ...options } = flags;
  const output = new Output(json ?? false);
  if (picture !== undefined) checkPictureFile(picture);
  const model = await load(folder, { task: "forecast", backend, instructionSet, threads });
  output.noteEngine();
  using interruption = new Interruption(() => output.note("interrupted")).listen();
  const { signal } = interruption;
  try {
    const series = await readSeriesAs(data, model.config.source);
    const forecasts = await model.forecast(series, horizon ?? model.config.horizon, {
      intervals: defaultIntervals,
      ...options,
      signal,
    });
    for (const forecast of forecasts) {
      output.record({ type: "forecast", ...forecast });
      for (const line of forecastLines(model, forecast)) output.say(line);
    }
    if (picture !== undefined) {
      await (await forecastPicture(model.config, series, forecasts)).save(picture);
      output.note(`drawn in ${picture}`);
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return interruptedCode;
    throw ofFile(data, error);
  }
}
