import { join } from "node:path";
import { type CellKind, cellKinds, type CellOptions, cellOptionTable, HiddenstateError } from "@hiddenstate/core";
import { fingerprintOf } from "../files/fingerprint.ts";
import { optionName } from "../tasks/task-option.ts";
import { taskOf, type TaskName } from "../tasks/tasks.ts";
import type { AnyOptions } from "../train.ts";
import type { ComparedCell, ComparePlan } from "./comparison.ts";
import { type ParametersAt, widthFor } from "./match-width.ts";
import { type Probe, probe } from "./probe.ts";
import { type CellPace, budgetOf, checkBudget, stepsIn } from "./run-budget.ts";

/** What a comparison is asked for, besides the options of the trainings. */
export interface ComparisonChoice {
  cells: readonly CellKind[];
  /** How many seeds, at least 2. */
  seeds: number;
  /** How many parameters each cell is given; default: those that the first cell has with `hidden`. */
  parameters?: number;
}

/** Evaluations that a run's budget is divided into, and the fewest steps that it must have. */
const evaluations = 10;
const fewestSteps = 10;
/** Of widths, from the one on where a processor's vectors matter. */
const wideUnit = { from: 64, unit: 8 };

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

/** What the trainings and their seeds, widths and evaluations are asked to be. */
type PlannedOptions = Omit<AnyOptions, "data"> & ComparePlan["asked"] & { data: string; seed?: number };

/**
 * Finds each cell's width and how often to evaluate, by starting trainings that are thrown away.
 *
 * @throws HiddenstateError `invalid` for cells, seeds and budgets that are none, `mismatch` for options that exclude each other, and what
 *   the trainings throw
 */
export async function planComparison(
  task: TaskName,
  { cells, seeds, parameters }: ComparisonChoice,
  given: PlannedOptions,
  folder: string,
): Promise<ComparePlan> {
  checkCells(cells, taskOf(task).cells);
  if (!Number.isInteger(seeds) || seeds < 2) {
    throw new HiddenstateError(
      "invalid",
      `compare: invalid seeds: got ${String(seeds)}, expected a whole number from 2: with one, a difference may be chance`,
    );
  }
  const { minutes, steps, epochs, seed: firstSeed = 0, hidden: named, evaluateEvery: every, data, validation } = given;
  if (named !== undefined && parameters !== undefined) {
    throw new HiddenstateError(
      "mismatch",
      "compare: mismatch in hidden: parameters are given too, and each of the two says how wide the first cell is; leave one out",
    );
  }
  const options = trainingOptions(task, cells, given);
  const budget = budgetOf({ minutes, steps, epochs });
  const place = join(folder, "probe");
  const tried = (cell: CellKind, hidden: number | undefined, timed: boolean): ReturnType<typeof probe> =>
    probe(taskOf(task), { ...optionsOf(options, { cell, hidden }), data }, place, timed);
  const wanted = parameters ?? (await tried(cells[0], named, false)).parameters;
  const found: { cell: CellKind; hidden: number; probed: Probe; pace: CellPace }[] = [];
  for (const cell of cells) {
    const parametersAt = async (hidden: number): Promise<number> => (await tried(cell, hidden, false)).parameters;
    const isNamed = cell === cells[0] && named !== undefined;
    const hidden = isNamed ? named : await matchedWidth(cell, wanted, options, parametersAt);
    const probed = await tried(cell, hidden, true);
    const { stepsPerEpoch, secondsPerStep } = probed;
    found.push({ cell, hidden, probed, pace: { cell, stepsPerEpoch, secondsPerStep: secondsPerStep! } });
  }
  const paces = found.map(({ pace }) => pace);
  checkBudget(budget, paces, Math.max(fewestSteps, every ?? 0));
  return {
    task,
    data: { path: data, ...(await fingerprintOf(data)) },
    validation: validation === undefined ? null : { path: validation, ...(await fingerprintOf(validation)) },
    cells: found.map(({ cell, hidden, probed, pace }) => {
      const evaluateEvery = every ?? Math.max(1, Math.round(stepsIn(budget, pace) / evaluations));
      return { cell, hidden, parameters: probed.parameters, evaluateEvery };
    }),
    seeds: Array.from({ length: seeds }, (_unused, i) => firstSeed + i),
    budget,
    asked: { hidden: named, parameters, evaluateEvery: every },
    options,
  };
}

/**
 * The options that all trainings have.
 * @throws HiddenstateError `unsupported` for a model to start from, `mismatch` for what belongs to a cell that is not compared
 */
function trainingOptions(task: TaskName, cells: readonly CellKind[], given: PlannedOptions): Record<string, unknown> {
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

/** @throws HiddenstateError `invalid` unless there are at least two different ones of those that the task can be learned with */
function checkCells(cells: readonly CellKind[], possible: readonly CellKind[]): void {
  const impossible = cells.find((cell) => !possible.includes(cell));
  const twice = cells.find((cell, i) => cells.indexOf(cell) < i);
  if (impossible === undefined && twice === undefined && cells.length >= 2) return;
  const what = impossible ?? (twice === undefined ? cells.join(",") || "none" : `${twice} twice`);
  throw new HiddenstateError(
    "invalid",
    `compare: invalid cells: got ${what}, expected two or more of ${possible.join(", ")}`,
  );
}

/** The width nearest to so many parameters: of a Transformer one that its heads can share, else round numbers where it is large. */
async function matchedWidth(
  cell: CellKind,
  parameters: number,
  options: Readonly<Record<string, unknown>>,
  at: ParametersAt,
): Promise<number> {
  const { heads = 4, projection: above } = optionsOf(options, { cell }) as { heads?: number; projection?: number };
  if (cell === "transformer") return widthFor(parameters, { unit: 2 * heads }, at);
  const { from, unit } = wideUnit;
  const wide = await widthFor(parameters, { unit, above }, at);
  return wide >= from ? wide : widthFor(parameters, { unit: 1, above }, at);
}
