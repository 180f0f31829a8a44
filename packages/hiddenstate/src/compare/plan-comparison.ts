import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type CellKind, HiddenstateError, type NoticeEvent, usualPositions } from "@hiddenstate/core";
import { fingerprintOf } from "../files/fingerprint.ts";
import { count } from "../format.ts";
import { taskOf, type TaskName } from "../tasks/tasks.ts";
import type { AnyOptions } from "../train.ts";
import { chooseCells } from "./choose-cells.ts";
import type { ComparePlan } from "./comparison.ts";
import { matchCells, type MatchedCell, neededPositions, type TryCell } from "./match-cells.ts";
import { probe } from "./probe.ts";
import { budgetOf, checkBudget, stepsIn } from "./run-budget.ts";
import { optionsOf, trainingOptions } from "./training-options.ts";

/** What a comparison is asked for, besides the options of the trainings. */
export interface ComparisonChoice {
  /** Default: the usual ones. */
  cells?: readonly CellKind[];
  /** How many seeds, at least 2. */
  seeds: number;
  /** How many parameters each cell is given; default: those that the first cell has with `hidden`. */
  parameters?: number;
}

/** Evaluations that a run's budget is divided into, and the fewest steps that it must have. */
const evaluations = 10;
const fewestSteps = 10;

/** What the trainings and their seeds, widths and evaluations are asked to be. */
type PlannedOptions = Omit<AnyOptions, "data"> & ComparePlan["asked"] & { data: string; seed?: number };

/**
 * Finds each cell's width and how often to evaluate, by starting trainings that are thrown away. Yields what is worth telling of it.
 *
 * @throws HiddenstateError `invalid` for cells, seeds and budgets that are none, `mismatch` for options that exclude each other, and what
 *   the trainings throw
 */
export async function* planComparison(
  task: TaskName,
  { cells: chosen, seeds, parameters }: ComparisonChoice,
  given: PlannedOptions,
  folder: string,
): AsyncGenerator<NoticeEvent, ComparePlan> {
  const { cells, notice } = chooseCells(task, chosen);
  if (notice !== null) yield { type: "notice", text: notice };
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
  const options = trainingOptions(task, cells, { ...given });
  const budget = budgetOf({ minutes, steps, epochs });
  const place = join(folder, "probe");
  const tried: TryCell = async (cell, hidden, timed) =>
    probe(taskOf(task), { ...optionsOf(options, { cell, hidden }), data }, place, timed);
  let found: MatchedCell[];
  try {
    const positions = await neededPositions(cells, options, tried);
    if (positions > usualPositions) {
      options.positions = positions;
      yield { type: "notice", text: morePositions(positions) };
    }
    found = await matchCells(cells, { hidden: named, parameters }, options, tried);
  } finally {
    // Large data was made into tokens there.
    await rm(place, { recursive: true, force: true });
  }
  const paces = found.map(({ cell, probed }) => ({ cell, ...probed }));
  checkBudget(budget, paces, Math.max(fewestSteps, every ?? 0));
  return {
    task,
    data: { path: data, ...(await fingerprintOf(data)) },
    validation: validation === undefined ? null : { path: validation, ...(await fingerprintOf(validation)) },
    cells: found.map(({ cell, hidden, probed }, i) => {
      const evaluateEvery = every ?? Math.max(1, Math.round(stepsIn(budget, paces[i]) / evaluations));
      return { cell, hidden, parameters: probed.parameters, evaluateEvery };
    }),
    seeds: Array.from({ length: seeds }, (_unused, i) => firstSeed + i),
    budget,
    asked: { hidden: named, parameters, evaluateEvery: every },
    options,
  };
}

function morePositions(longest: number): string {
  return `sequences of up to ${count(longest)} steps are read: the Transformer gets as many positions (--positions) instead of ${usualPositions}`;
}
