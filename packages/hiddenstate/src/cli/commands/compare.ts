import { type CellKind, cellKinds } from "@hiddenstate/core";
import { Command, Option } from "commander";
import { cellName } from "../../cell-name.ts";
import { type AnyComparison, compare } from "../../compare/compare.ts";
import type { CompareEvent, Comparison, ComparePlan, FailedRun } from "../../compare/comparison.ts";
import { tableLines } from "../../compare/table.ts";
import { count, duration } from "../../format.ts";
import { type AnyTask, taskNames, taskOf } from "../../tasks/tasks.ts";
import { Interruption, interruptedCode } from "../interruption.ts";
import { commandLine } from "../invocation.ts";
import { choiceOption } from "../options/choice-option.ts";
import { engineOptions } from "../options/engine-options.ts";
import { numberOption } from "../options/number-option.ts";
import { refuseIdleFlags, taskOptions } from "../options/task-options.ts";
import { Output } from "../output.ts";
import { type Progress, showProgress } from "../progress/training-progress.ts";
import { describeEvent } from "../reports/training-report.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

type ComparePlanEvent = Extract<CompareEvent, { type: "plan" }>;

/** The options as commander gives them: those that stand on the command line. */
type CompareFlags = Omit<AnyComparison, "data" | "signal"> & { json?: true };

const positive = { whole: true, min: 1 } as const;

const comparedOptions = (): Option[] => [
  new Option(
    "--cells <list>",
    "two or more, with commas between (default: rnn,lstm,gru,mingru,transformer; for pairs and series without the last)",
  ).argParser(parseCells),
  numberOption("--seeds <n>", "runs of each cell, with seeds from --seed on (default: 2)", { whole: true, min: 2 }),
  numberOption(
    "--parameters <n>",
    "for each cell (default: as many as the first has with --hidden)",
    positive,
  ).conflicts("hidden"),
];

const runOptions = (): Option[] => [
  new Option("--out <folder>", "where the runs go (default: runs/compare- and the data's name)"),
  new Option("--resume", "go on with the comparison in that folder"),
  numberOption("--evaluate-every <steps>", "(default: ten times in a run)", positive),
  ...engineOptions(),
];

/** Flags of `train` that mean nothing here: every cell is trained, from random numbers. */
const notHere = new Set(["--cell", "--from"]);

export function compareCommand(session: Session): Command {
  const command = new Command("compare")
    .summary("find out which cell suits your data")
    .description(
      "Train several cells on the same data, with as many parameters and the same budget (a minute each, unless --minutes, --steps or " +
        "--epochs says otherwise), and say which to take: by held-out quality, and where that makes no difference, by what a step costs. Ctrl-C " +
        "keeps what is finished; --resume goes on from there.",
    )
    .argument("<data>", "what to learn from: a file or a folder");
  for (const option of comparedOptions()) command.addOption(option.helpGroup("Comparison:"));
  command.addOption(
    choiceOption("--task <task>", "what to learn (default: what the data asks for)", taskNames).helpGroup("Model:"),
  );
  for (const option of taskOptions()) if (!notHere.has(option.long ?? "")) command.addOption(option);
  for (const option of runOptions()) command.addOption(option.helpGroup("Run:"));
  return command
    .addHelpText(
      "after",
      `
Examples:
  hiddenstate compare book.txt                                         five cells, two seeds, a minute each
  hiddenstate compare book.txt --cells lstm,gru --minutes 5 --seeds 3  two cells, with more certainty
  hiddenstate compare names.csv --epochs 10 --parameters 100000
  hiddenstate compare book.txt --resume                                go on where Ctrl-C stopped it`,
    )
    .action(async (data: string, flags: CompareFlags) => {
      session.exitCode = await runComparison(data, flags, session);
    });
}

function parseCells(text: string): CellKind[] {
  return text.split(",").map((part) => {
    const name = part.trim();
    const cell = cellKinds.find((kind) => kind === name);
    if (cell) return cell;
    throw new UsageError(
      "invalid",
      `invalid --cells: got ${JSON.stringify(name)}, expected some of ${cellKinds.join(", ")}, with commas between`,
    );
  });
}

async function runComparison(data: string, flags: CompareFlags, { suggestions }: Session): Promise<number> {
  const { json, ...options } = flags;
  const output = new Output(json ?? false);
  let comparison: Comparison;
  {
    let tell = (line: string): void => output.note(line);
    using interruption = new Interruption(() => tell("finishing the step and saving; interrupt again to quit at once"));
    const run = compare({ ...options, data, signal: interruption.signal });
    let next = await run.next();
    for (; !next.done && next.value.type !== "plan"; next = await run.next()) {
      output.record(next.value);
      if (next.value.type === "task") refuseIdleFlags(next.value.task, options);
      if (next.value.type === "notice") tell(next.value.text);
    }
    // Nothing ends before its plan.
    const { plan } = next.value as ComparePlanEvent;
    const task = taskOf(plan.task);
    using progress = showProgress(task.counted);
    tell = (line) => progress.line(line);
    interruption.listen();
    for (; !next.done; next = await run.next()) {
      output.record(next.value);
      show(next.value, task, progress);
    }
    comparison = next.value;
  }
  const { plan, cells, recommendation, complete, folder } = comparison;
  const { task, budget } = plan;
  const { quality, failures } = comparison;
  output.record({ type: "comparison", task, budget, quality, cells, failures, recommendation, complete, folder });
  for (const line of ["", ...tableLines(comparison), ""]) output.say(line);
  for (const failure of failures) output.say(failureLine(failure));
  if (complete) output.say(recommendation.reason);
  if (cells.length > 0) output.say(`loss on the way: ${folder}/loss.svg and loss.png; the runs are in ${folder}`);
  if (complete) return 0;
  const runs = plan.cells.length * plan.seeds.length;
  output.say(
    `interrupted: ${comparison.runs.length + failures.length} of ${runs} runs are finished and kept in ${folder}`,
  );
  if (suggestions) output.say(`go on:         ${commandLine("compare", data, "--out", folder, "--resume")}`);
  return interruptedCode;
}

function show(event: CompareEvent, task: AnyTask, progress: Progress): void {
  if (event.type === "notice") return progress.line(event.text);
  if (event.type === "plan") return planLines(event.plan, task).forEach((line) => progress.line(line));
  if (event.type === "result" || event.type === "task") return;
  if (event.type === "failure") return progress.line(`  ${failureLine(event.failure)}`);
  const { event: training, cell, seed, run, runs } = event;
  if (training.type === "step") progress.step(training);
  else if (training.type === "start")
    progress.line(
      `run ${run} of ${runs}: ${cellName(cell)}, seed ${seed}${training.step > 0 ? `, going on after step ${count(training.step)}` : ""}`,
    );
  else if (training.type === "evaluation") progress.line(`  ${describeEvent(training, task)}`);
}

function failureLine({ cell, seed, reason }: FailedRun): string {
  return `${cellName(cell)}, seed ${seed}, did not come to an end: ${reason}`;
}

function planLines({ cells, seeds, budget }: ComparePlan, task: AnyTask): string[] {
  const runs = cells.length * seeds.length;
  const time = "minutes" in budget ? `, ${duration(runs * budget.minutes * 60)} in all` : "";
  const [[unit, value]] = Object.entries(budget);
  return [
    `learning ${task.learns}: ${cells.length} cells, ${seeds.length} seeds, ${runs} runs of ${value} ${unit} each${time}`,
    ...cells.map(
      ({ cell, hidden, parameters }) =>
        `  ${cellName(cell).padEnd(12)} width ${count(hidden).padStart(5)}, ${count(parameters)} parameters`,
    ),
  ];
}
