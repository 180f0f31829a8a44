import { type CellKind, cellKinds, type CellOptions, cellOptionTable, HiddenstateError } from "@hiddenstate/core";
import { optionName } from "../tasks/task-option.ts";
import { type TaskName, taskOf } from "../tasks/tasks.ts";
import type { ComparedCell } from "./comparison.ts";

/** Options that belong to one cell only. */
const ownOptions: Readonly<Record<string, CellKind>> = {
  heads: "transformer",
  positions: "transformer",
  nonlinearity: "rnn",
  resetAfter: "gru",
};

/** Whether an option means something to a cell: those of cells go by the table of which cell may have which. */
function concerns(cell: CellKind, option: string): boolean {
  if (option in cellOptionTable) return cellOptionTable[option as keyof CellOptions][cell] === true;
  return (ownOptions[option] ?? cell) === cell;
}

/** What is no option of the trainings, or is decided for each of them here. */
export const notOfTraining: ReadonlySet<string> = new Set(
  "task data out resume signal from backend instructionSet threads minutes steps epochs seed hidden evaluateEvery".split(
    " ",
  ),
);

/** The options of one cell's trainings: without what belongs to another cell. */
export function optionsOf(
  options: Readonly<Record<string, unknown>>,
  { cell, hidden, evaluateEvery }: Pick<ComparedCell, "cell"> & Partial<ComparedCell>,
): Record<string, unknown> {
  const own = Object.entries(options).filter(([name]) => concerns(cell, name));
  return {
    ...Object.fromEntries(own),
    cell,
    ...(hidden !== undefined && { hidden }),
    ...(evaluateEvery !== undefined && { evaluateEvery }),
  };
}

/**
 * The options that all trainings have.
 * @throws HiddenstateError `unsupported` for a model to start from, `mismatch` for what belongs to a cell that is not compared
 */
export function trainingOptions(
  task: TaskName,
  cells: readonly CellKind[],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const options: Record<string, unknown> = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== undefined && !notOfTraining.has(name)),
  );
  if (given.from !== undefined)
    throw new HiddenstateError("unsupported", "compare: unsupported from: all cells start from random numbers");
  // All seeds are measured on the same held-out part.
  const drawn = given.validation === undefined;
  if (drawn && taskOf(task).options.some((option) => optionName(option) === "splitSeed"))
    options.splitSeed ??= given.seed ?? 0;
  const idle = Object.keys(options).find((name) => !cells.some((cell) => concerns(cell, name)));
  if (idle === undefined) return options;
  const needed = cellKinds.find((cell) => concerns(cell, idle));
  throw new HiddenstateError(
    "mismatch",
    `compare: mismatch in ${idle}: it does nothing without cell ${needed}; leave it out, or compare that cell too`,
  );
}
