import { join } from "node:path";
import { type CellKind, HiddenstateError, type NoticeEvent, usualPositions } from "@hiddenstate/core";
import { fingerprintOf } from "../files/fingerprint.ts";
import { count } from "../format.ts";
import { taskOf, type TaskName } from "../tasks/tasks.ts";
import type { AnyOptions } from "../train.ts";
import { chooseCells } from "./choose-cells.ts";
import type { ComparePlan } from "./comparison.ts";
import { type ParametersAt, widthFor } from "./match-width.ts";
import { type Probe, probe } from "./probe.ts";
import { budgetOf, type CellPace, checkBudget, stepsIn } from "./run-budget.ts";
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
/** Of widths, from the one on where a processor's vectors matter. */
const wideUnit = { from: 64, unit: 8 };

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
  const tried = (cell: CellKind, hidden: number | undefined, timed: boolean): ReturnType<typeof probe> =>
    probe(taskOf(task), { ...optionsOf(options, { cell, hidden }), data }, place, timed);
  const recurrent = cells.find((cell) => cell !== "transformer")!;
  if (cells.includes("transformer") && options.positions === undefined) {
    // Of a width that no option forbids.
    const hidden = 1 + Number(options.projection ?? 0);
    const { longestSequence } = await tried(recurrent, hidden, false);
    if (longestSequence > usualPositions) {
      options.positions = longestSequence;
      yield { type: "notice", text: morePositions(longestSequence) };
    }
  }
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

function morePositions(longest: number): string {
  return `sequences of up to ${count(longest)} steps are read: the Transformer gets as many positions (--positions) instead of ${usualPositions}`;
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
