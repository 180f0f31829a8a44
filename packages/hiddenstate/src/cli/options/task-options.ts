import { Option } from "commander";
import { flagOf, optionGroups, optionName, type TaskOption } from "../../tasks/task-option.ts";
import { type TaskName, taskNames, taskOf } from "../../tasks/tasks.ts";
import { UsageError } from "../usage-error.ts";
import { choiceOption } from "./choice-option.ts";
import { levelsOption } from "./levels-option.ts";
import { numberOption } from "./number-option.ts";

/** The flags of all tasks' trainings, each once, by the headings of the help. */
export function taskOptions(): Option[] {
  // What several tasks take stands where the least demanding of them has it.
  const all = new Set(taskNames.toReversed().flatMap((name) => taskOf(name).options));
  return optionGroups.flatMap((group) =>
    [...all].filter((option) => option.group === group).map((option) => makeOption(option).helpGroup(`${group}:`)),
  );
}

function makeOption(task: TaskOption): Option {
  const { flags, about, value, sets, conflicts } = task;
  const option =
    value === undefined
      ? new Option(flags, about)
      : "choices" in value
        ? choiceOption(flags, about, value.choices)
        : "range" in value
          ? numberOption(flags, about, value.range)
          : listOption(flags, about, value.list);
  if (sets !== undefined) option.preset(sets);
  if (conflicts) option.conflicts([...conflicts]);
  // What it is called where it is parsed is what the library calls it.
  option.attributeName = () => optionName(task);
  return option;
}

function listOption(flags: string, about: string, list: "texts" | "numbers" | "levels"): Option {
  if (list === "levels") return levelsOption(flags, about);
  const option = new Option(flags, about);
  if (list === "texts") return option.argParser(parseList);
  return option.argParser((text: string) => parseList(text).map(numberOf(option)));
}

/** @throws UsageError `invalid`, naming the flag, for what is no number */
function numberOf(option: Option): (part: string) => number {
  return (part) => {
    if (Number.isFinite(Number(part))) return Number(part);
    throw new UsageError(
      "invalid",
      `invalid ${option.long}: got ${JSON.stringify(part)}, expected numbers with commas between, such as 1,2,12`,
    );
  };
}

function parseList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/**
 * Refuses flags that the task has no use for.
 *
 * @throws UsageError `mismatch`, naming the flag and whose it is
 */
export function refuseIdleFlags(name: TaskName, flags: Readonly<Record<string, unknown>>): void {
  const taken = new Set(taskOf(name).options.map(optionName));
  for (const other of taskNames) {
    for (const option of taskOf(other).options) {
      if (taken.has(optionName(option)) || flags[optionName(option)] === undefined) continue;
      throw new UsageError(
        "mismatch",
        `mismatch in ${flagOf(option)}: it does nothing with --task ${name}; leave it out, or use --task ${other}`,
      );
    }
  }
}
