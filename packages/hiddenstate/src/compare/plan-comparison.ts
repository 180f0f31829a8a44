import { join } from "node:path";
import { type CellKind, cellKinds, type CellOptions, cellOptionTable, HiddenstateError } from "@hiddenstate/core";
import { optionName } from "../tasks/task-option.ts";
import { taskOf, type TaskName } from "../tasks/tasks.ts";
import type { AnyOptions } from "../train.ts";
import type { ComparedCell, ComparePlan } from "./comparison.ts";
import { widthFor } from "./match-width.ts";
import { cellName } from "./names.ts";
import { probe } from "./probe.ts";

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

/**
 * Finds each cell's width and how often to evaluate, by starting trainings that are thrown away.
 *
 * @throws HiddenstateError `invalid` for cells, seeds and budgets that are none, and what the trainings throw
 */
export async function planComparison(
  task: TaskName,
  { cells, seeds, parameters }: ComparisonChoice,
  given: AnyOptions & { hidden?: number; seed?: number; evaluateEvery?: number },
  folder: string,
): Promise<ComparePlan> {
  checkCells(cells, taskOf(task).cells);
  if (!Number.isInteger(seeds) || seeds < 2) {
    throw new HiddenstateError(
      "invalid",
      `compare: invalid seeds: got ${String(seeds)}, expected a whole number from 2: with one, a difference may be chance`,
    );
  }
  const options: Record<string, unknown> = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== undefined && !notOfTraining.has(name)),
  );
  const { minutes, steps, epochs, seed: firstSeed = 0, data } = given;
  if (given.from !== undefined)
    throw new HiddenstateError("unsupported", "compare: unsupported from: all cells start from random numbers");
  // All seeds are measured on the same held-out part.
  const drawn = given.validation === undefined;
  if (drawn && taskOf(task).options.some((option) => optionName(option) === "splitSeed"))
    options.splitSeed ??= firstSeed;
  const idle = Object.keys(options).find((name) => !cells.some((cell) => concerns(cell, name)));
  if (idle !== undefined) {
    const needed = cellKinds.find((cell) => concerns(cell, idle));
    throw new HiddenstateError(
      "mismatch",
      `compare: mismatch in ${idle}: it does nothing without cell ${needed}; leave it out, or compare that cell too`,
    );
  }
  const budget = budgetOf({ minutes, steps, epochs });
  const place = join(folder, "probe");
  const tried = (cell: CellKind, hidden: number | undefined, timed: boolean): ReturnType<typeof probe> =>
    probe(taskOf(task), { ...optionsOf(options, { cell, hidden }), data }, place, timed);
  const wanted = parameters ?? (await tried(cells[0], given.hidden, false)).parameters;
  const compared: ComparedCell[] = [];
  for (const cell of cells) {
    const parametersAt = async (hidden: number): Promise<number> => (await tried(cell, hidden, false)).parameters;
    const hidden = await matchedWidth(cell, wanted, options, parametersAt);
    const found = await tried(cell, hidden, true);
    const inBudget = stepsIn(budget, found.stepsPerEpoch, found.secondsPerStep!);
    const asked = given.evaluateEvery;
    checkBudget(budget, cell, inBudget, Math.max(fewestSteps, asked ?? 0));
    const evaluateEvery = asked ?? Math.max(1, Math.round(inBudget / evaluations));
    compared.push({ cell, hidden, parameters: found.parameters, evaluateEvery });
  }
  return {
    task,
    cells: compared,
    seeds: Array.from({ length: seeds }, (_unused, i) => firstSeed + i),
    budget,
    options,
  };
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
  at: (hidden: number) => Promise<number>,
): Promise<number> {
  if (cell === "transformer") return widthFor(parameters, 2 * ((options.heads as number | undefined) ?? 4), at);
  const { from, unit } = wideUnit;
  const wide = await widthFor(parameters, unit, at);
  return wide >= from ? wide : widthFor(parameters, 1, at);
}

function budgetOf(given: { minutes?: number; steps?: number; epochs?: number }): ComparePlan["budget"] {
  const { minutes, steps, epochs } = given;
  if ([minutes, steps, epochs].filter((value) => value !== undefined).length > 1) {
    throw new HiddenstateError("invalid", "compare: invalid budget: expected one of minutes, steps and epochs");
  }
  if (steps !== undefined) return { steps };
  return epochs === undefined ? { minutes: minutes ?? 1 } : { epochs };
}

function stepsIn(budget: ComparePlan["budget"], stepsPerEpoch: number, secondsPerStep: number): number {
  if ("steps" in budget) return budget.steps;
  if ("epochs" in budget) return Math.ceil(budget.epochs * stepsPerEpoch);
  return Math.floor((budget.minutes * 60) / secondsPerStep);
}

/** @throws HiddenstateError `invalid` for a budget without a step to evaluate after */
function checkBudget(budget: ComparePlan["budget"], cell: CellKind, steps: number, needed: number): void {
  if (steps >= needed) return;
  const [[unit, value]] = Object.entries(budget);
  const enough = unit === "steps" ? needed : Number(((value * 1.2 * needed) / Math.max(1, steps)).toPrecision(2));
  const share = unit === "steps" ? "" : `${value} ${unit} are about ${steps} steps of the ${cellName(cell)}, `;
  throw new HiddenstateError(
    "invalid",
    `compare: invalid budget: ${share || `got ${value} steps, `}expected at least ${needed}, so that there is one evaluation; ` +
      `use ${enough} ${unit} or more`,
  );
}
