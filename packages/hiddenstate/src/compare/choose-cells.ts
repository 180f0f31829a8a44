import { type CellKind, HiddenstateError } from "@hiddenstate/core";
import { cellName } from "../cell-name.ts";
import { type TaskName, taskOf } from "../tasks/tasks.ts";

/** What people choose between. */
const usualCells: readonly CellKind[] = ["rnn", "lstm", "gru", "mingru", "transformer"];

/**
 * Which cells are compared: those that are named, else the usual ones that the task can be learned with.
 *
 * @returns the cells, and what to tell of those that were left out
 * @throws HiddenstateError `invalid` unless there are at least two different ones of those that the task can be learned with
 */
export function chooseCells(
  task: TaskName,
  named: readonly CellKind[] | undefined,
): { cells: readonly CellKind[]; notice: string | null } {
  const possible = taskOf(task).cells;
  if (named) checkCells(named, possible);
  if (named) return { cells: named, notice: null };
  const left = usualCells.filter((cell) => !possible.includes(cell)).map((cell) => `the ${cellName(cell)}`);
  return {
    cells: usualCells.filter((cell) => possible.includes(cell)),
    notice: left.length === 0 ? null : `without ${left.join(" and ")}: task ${task} is learned with recurrent cells`,
  };
}

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
