import { cellName } from "../cell-name.ts";
import { count, describeBytes, describeTime, duration } from "../format.ts";
import { namesThenNumbers, textTable } from "../text-table.ts";
import type { CellSummary, Comparison } from "./comparison.ts";
import { digitsFor } from "./recommend.ts";

/** A comparison's tables as text: what each cell reached in its training, and what its model costs where it is used. */
export function tableLines({ cells, quality, plan }: Comparison): string[] {
  if (cells.length === 0) return [];
  const digits = digitsFor(cells);
  const seeds = plan.seeds.length;
  const trained = cells.map((cell) => [
    cellName(cell.cell) + (cell.runs < seeds ? ` (${cell.runs} of ${seeds} seeds)` : ""),
    count(cell.hidden),
    count(cell.parameters),
    cell.quality.mean.toFixed(digits),
    `${cell.quality.low.toFixed(digits)} to ${cell.quality.high.toFixed(digits)}`,
    duration(cell.seconds),
    duration(cell.bestSeconds),
    count(cell.tokensPerSecond),
  ]);
  if (quality.baseline !== null) trained.push(["(baseline)", "", "", quality.baseline.toFixed(digits), "", "", "", ""]);
  const heads = ["cell", "width", "parameters", quality.name, "over seeds", "trained", "best after", "per second"];
  return [...textTable(namesThenNumbers(heads), trained, { ruled: true }), "", ...costTable(cells)];
}

function costTable(cells: readonly CellSummary[]): string[] {
  const [{ cost: first }] = cells;
  const streams = first.kind === "stream";
  const held = cells.some(({ cost }) => cost.streamBytes !== null);
  const what = (context: number): string => (streams ? `step at ${count(context)}` : `${count(context)} steps`);
  const heads = [
    streams ? "one stream" : "one sequence",
    ...first.latency.map(({ context }) => what(context)),
    ...(held ? ["memory"] : []),
    ...first.stateBytes.map(({ context }) => `state at ${count(context)}`),
  ];
  const rows = cells.map(({ cell, cost }) => [
    cellName(cell),
    ...cost.latency.map(({ seconds }) => describeTime(seconds)),
    ...(held ? [describeBytes(cost.streamBytes)] : []),
    ...cost.stateBytes.map(({ bytes }) => describeBytes(bytes)),
  ]);
  return textTable(namesThenNumbers(heads), rows, { ruled: true });
}
