import { HiddenstateError } from "@hiddenstate/core";
import { Command, Option } from "commander";
import type { LabOptions } from "../../lab/run-lab.ts";
import type { Verdict } from "../../lab/verdict.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { commandLine } from "../invocation.ts";
import { engineOptions } from "../options/engine-options.ts";
import { numberOption } from "../options/number-option.ts";
import { Output } from "../output.ts";
import { showLabProgress } from "../progress/lab-progress.ts";
import { verdictLines } from "../reports/lab-report.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

interface LabFlags extends Pick<LabOptions, "backend" | "instructionSet" | "threads"> {
  quick?: true;
  out?: string;
  report?: string;
  reportOnly?: true;
  resume?: true;
  seeds?: number;
  text?: string;
  json?: true;
}

export function labCommand(session: Session): Command {
  const command = new Command("lab")
    .summary("test the textbook's claims on this machine")
    .description(
      "Put claims about RNNs, LSTMs, GRUs and Transformers to the test: experiments that end with numbers and a " +
        "verdict. " +
        "Ctrl-C keeps what is finished; --resume goes on from there.",
    )
    .argument("[experiments...]", "some experiments by name (default: all)")
    .option("--quick", "a smaller version, minutes for all (default: thorough, within the hour)")
    .option("--out <folder>", "where results and pictures go (default: runs/lab, with --quick runs/lab-quick)")
    .option("--report <file>", "the report in Markdown (default: report.md in that folder)")
    .addOption(
      new Option("--report-only", "run nothing, report what the folder has").conflicts(["resume", "seeds", "text"]),
    )
    .option("--resume", "keep results of the same settings that are there")
    .addOption(numberOption("--seeds <n>", "runs of everything random (default: 3)", { whole: true, min: 1 }))
    .addOption(new Option("--text <file>", "what experiments on language read, UTF-8 (default: a generated text)"));
  for (const option of engineOptions()) {
    // The networks are small: a second thread would hardly help, and times are steadier without.
    if (option.long === "--threads") option.description = "how many compute: a number, or auto (default: 1)";
    command.addOption(option);
  }
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate lab --quick                 all experiments in a few minutes
  hiddenstate lab vanishing clipping      two of them, thoroughly
  hiddenstate lab --resume                go on where Ctrl-C stopped it
  hiddenstate lab defaults --text book.txt

An unknown name lists the experiments.`,
    )
    .action(async (names: string[], flags: LabFlags) => {
      session.exitCode = await runLabCommand(names, flags, session);
    });
}

async function runLabCommand(names: readonly string[], flags: LabFlags, { suggestions }: Session): Promise<number> {
  const { json, quick, report, reportOnly, ...options } = flags;
  const output = new Output(json ?? false);
  // Experiments and pictures are loaded only where they are wanted.
  const { experiments } = await import("../../lab/catalogue.ts");
  const { runLab } = await import("../../lab/run-lab.ts");
  const { readFindings, writeReport } = await import("../../lab/report.ts");
  const known = experiments.map(({ name }) => name);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new UsageError("unknown", `unknown experiment ${JSON.stringify(stranger)}; there are ${known.join(", ")}`);
  }
  if (reportOnly && names.length > 0) {
    throw new UsageError("mismatch", "--report-only reports all that the folder has; leave the names out");
  }
  const out = options.out ?? (quick ? "runs/lab-quick" : "runs/lab");
  const budget = quick ? "quick" : "thorough";
  let interrupted = false;
  const verdicts: [name: string, verdict: Verdict][] = [];
  if (reportOnly) {
    const findings = await readFindings(out);
    for (const { experiment, result } of findings) verdicts.push([experiment.name, experiment.judge(result.numbers)]);
    if (findings.length === 0) {
      throw new HiddenstateError(
        "missing",
        `lab: missing results in ${out}: there are none to report; run experiments first`,
      );
    }
  } else {
    using progress = showLabProgress();
    using interruption = new Interruption(() => progress.line("stopping; what is finished is kept"));
    const events = runLab({
      threads: 1,
      ...options,
      names: names.length > 0 ? names : undefined,
      budget,
      out,
      signal: interruption.listen().signal,
    });
    for await (const event of events) {
      if (event.type !== "progress") output.record(event);
      if (event.type === "progress") progress.share(event);
      else if (event.type === "experiment") progress.begin(event);
      else if (event.type === "interrupted") interrupted = true;
      else {
        verdicts.push([event.name, event.verdict]);
        for (const line of verdictLines(event, process.stderr.columns || 100)) progress.line(line);
      }
    }
  }
  const file = await writeReport(out, report);
  output.record({ type: "report", path: file });
  for (const [name, { outcome }] of verdicts) output.say(`${name.padEnd(16)}${outcome}`);
  output.say(`${interrupted ? "interrupted; what is finished is in" : "report, numbers and pictures:"} ${file}`);
  if (!interrupted) return 0;
  if (suggestions) {
    const { seeds, text } = options;
    const words = [
      ...(quick ? ["--quick"] : []),
      ...(seeds === undefined ? [] : ["--seeds", String(seeds)]),
      ...(text === undefined ? [] : ["--text", text]),
      ...(report === undefined ? [] : ["--report", report]),
    ];
    output.say(`go on:         ${commandLine("lab", ...names, ...words, "--out", out, "--resume")}`);
  }
  return interruptedCode;
}
