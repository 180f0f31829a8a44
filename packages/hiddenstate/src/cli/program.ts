import { version } from "@hiddenstate/core";
import { Command } from "commander";
import { compareCommand } from "./commands/compare.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { forecastCommand } from "./commands/forecast.ts";
import { generateCommand } from "./commands/generate.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { labCommand } from "./commands/lab.ts";
import { predictCommand } from "./commands/predict.ts";
import { streamCommand } from "./commands/stream.ts";
import { trainCommand } from "./commands/train.ts";
import { translateCommand } from "./commands/translate.ts";
import type { Session } from "./session.ts";

/** The command line as commander knows it. Commands throw for faults and leave their exit code in the session. */
export function makeProgram(session: Session): Command {
  const program = new Command("hiddenstate")
    .description("Train recurrent networks on your own sequences, and let them work.")
    .version(version, "--version", "show the version")
    .helpOption("--help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate train book.txt
  hiddenstate train reviews.csv
  hiddenstate generate runs/book --prompt "It was" --length 300
  hiddenstate evaluate runs/book other-book.txt
  hiddenstate predict runs/reviews new-reviews.csv
  hiddenstate train sales.csv --horizon 12
  hiddenstate forecast runs/sales sales.csv --picture sales.png
  hiddenstate train pairs.tsv
  hiddenstate translate runs/pairs texts.txt --beam 4
  tail -f access.log | hiddenstate stream runs/access
  hiddenstate lab --quick
  hiddenstate inspect runs/book other-book.txt
  hiddenstate doctor

Exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted with everything saved.`,
    );
  for (const make of [
    trainCommand,
    evaluateCommand,
    predictCommand,
    forecastCommand,
    translateCommand,
    streamCommand,
    generateCommand,
    compareCommand,
    inspectCommand,
    labCommand,
    doctorCommand,
  ]) {
    program.addCommand(
      make(session)
        .option("--json", "write one JSON object a line to standard output, text for people to standard error")
        .helpOption("--help", "show this help"),
    );
  }
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => {} });
  }
  return program;
}
