import type { CellKind } from "@hiddenstate/core";
import type { ComparePlan } from "./comparison.ts";
import { type ParametersAt, widthFor } from "./match-width.ts";
import type { Probe, TimedProbe } from "./probe.ts";
import { optionsOf } from "./training-options.ts";

/** Starts a training of a cell that is thrown away; timed, it goes some steps. */
export type TryCell = (cell: CellKind, hidden: number | undefined, timed: boolean) => Promise<Probe>;

/** A cell of the width that it is compared with. */
export interface MatchedCell {
  cell: CellKind;
  hidden: number;
  probed: TimedProbe;
}

type TrainingOptions = Readonly<Record<string, unknown>>;

/** Of widths, from the one on where a processor's vectors matter. */
const wideUnit = { from: 64, unit: 8 };

/** How many positions a Transformer needs for the data; 0 where none is compared, or how many it has was said. */
export async function neededPositions(
  cells: readonly CellKind[],
  options: TrainingOptions,
  tried: TryCell,
): Promise<number> {
  if (!cells.includes("transformer") || options.positions !== undefined) return 0;
  // A recurrent cell reads them all; of a width that no option forbids.
  const recurrent = cells.find((cell) => cell !== "transformer")!;
  const { longestSequence } = await tried(recurrent, 1 + Number(options.projection ?? 0), false);
  return longestSequence;
}

/** Gives each cell the width with which it has as many parameters as are wanted: so many, or those of the first one. */
export async function matchCells(
  cells: readonly CellKind[],
  { hidden: named, parameters }: Pick<ComparePlan["asked"], "hidden" | "parameters">,
  options: TrainingOptions,
  tried: TryCell,
): Promise<MatchedCell[]> {
  const wanted = parameters ?? (await tried(cells[0], named, false)).parameters;
  const matched: MatchedCell[] = [];
  for (const cell of cells) {
    const parametersAt = async (hidden: number): Promise<number> => (await tried(cell, hidden, false)).parameters;
    const isNamed = cell === cells[0] && named !== undefined;
    const hidden = isNamed ? named : await matchedWidth(cell, wanted, options, parametersAt);
    matched.push({ cell, hidden, probed: (await tried(cell, hidden, true)) as TimedProbe });
  }
  return matched;
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
