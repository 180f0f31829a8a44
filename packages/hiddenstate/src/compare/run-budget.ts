import { type CellKind, HiddenstateError } from "@hiddenstate/core";
import { cellName } from "../cell-name.ts";
import type { RunBudget } from "./comparison.ts";

/** How fast a cell learns here. */
export interface CellPace {
  cell: CellKind;
  stepsPerEpoch: number;
  secondsPerStep: number;
}

/** More than is needed, for no two runs are equally fast. */
const margin = 1.2;

/** @throws HiddenstateError `invalid` for more than one; without any it is a minute */
export function budgetOf(given: { minutes?: number; steps?: number; epochs?: number }): RunBudget {
  const { minutes, steps, epochs } = given;
  if ([minutes, steps, epochs].filter((value) => value !== undefined).length > 1) {
    throw new HiddenstateError("invalid", "compare: invalid budget: expected one of minutes, steps and epochs");
  }
  if (steps !== undefined) return { steps };
  return epochs === undefined ? { minutes: minutes ?? 1 } : { epochs };
}

/** How many steps a cell takes in a budget. */
export function stepsIn(budget: RunBudget, { stepsPerEpoch, secondsPerStep }: CellPace): number {
  if ("steps" in budget) return budget.steps;
  if ("epochs" in budget) return Math.ceil(budget.epochs * stepsPerEpoch);
  return Math.floor((budget.minutes * 60) / secondsPerStep);
}

/** @throws HiddenstateError `invalid`, saying how much is enough for all cells, where one takes fewer steps than it must */
export function checkBudget(budget: RunBudget, paces: readonly CellPace[], needed: number): void {
  const [slowest] = paces.toSorted(
    (a, b) => stepsIn(budget, a) - stepsIn(budget, b) || b.secondsPerStep - a.secondsPerStep,
  );
  const steps = stepsIn(budget, slowest);
  if (steps >= needed) return;
  const [[unit, value]] = Object.entries(budget);
  const got =
    unit === "steps"
      ? `got ${value} steps`
      : `${value} ${unit} are about ${steps} steps of the ${cellName(slowest.cell)}`;
  throw new HiddenstateError(
    "invalid",
    `compare: invalid budget: ${got}, expected at least ${needed}, so that there is one evaluation; ` +
      `use ${enough(budget, slowest, needed)} ${unit} or more`,
  );
}

/** A round number that is not refused. */
function enough(budget: RunBudget, { stepsPerEpoch, secondsPerStep }: CellPace, needed: number): number {
  if ("steps" in budget) return needed;
  const exact = "epochs" in budget ? needed / stepsPerEpoch : (needed * secondsPerStep) / 60;
  return Number((exact * margin).toPrecision(2));
}
