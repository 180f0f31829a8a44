import { type ForecasterModel, parseDate, type WatchedValue } from "@hiddenstate/core";
import type { TableRow } from "../../files/tables/table.ts";
import { count } from "../../format.ts";
import { oddChart } from "../../pictures/odd-chart.ts";
import type { Picture } from "../../pictures/picture.ts";
import { stackPictures } from "../../pictures/stack-pictures.ts";
import { columnsOf } from "./series-watching.ts";

type WatchedRow = TableRow & WatchedValue;

/** More series do not fit one picture. */
const mostDrawn = 3;
/** What `rate` is for those who gave none. */
const usualRate = 0.01;

/** The values of watched series with the odd ones marked, and below them how far each lay from what was forecast of it; of many series the first. */
export async function drawSeries(
  model: ForecasterModel,
  answers: readonly object[],
  rate: number = usualRate,
): Promise<Picture> {
  const { columns } = columnsOf(model);
  const { threshold } = model.stream({ rate });
  const share = `${Number((100 * rate).toPrecision(3))} %`;
  const pictures: Picture[] = [];
  for (const [id, rows] of [...bySeries(answers as readonly WatchedRow[], [columns.id ?? []].flat())].slice(
    0,
    mostDrawn,
  )) {
    const place = (row: TableRow, i: number): Date | number =>
      columns.date === undefined ? i + 1 : new Date(parseDate(row[columns.date] as string | number, "picture"));
    const points = (y: (row: WatchedRow) => number): { x: Date | number; y: number; odd: boolean }[] =>
      rows.map((row, i) => ({ x: place(row, i), y: y(row), odd: row.odd ?? false }));
    const odd = rows.filter((row) => row.odd).length;
    pictures.push(
      await oddChart({
        title: `${id || columns.value!}: ${count(odd)} odd of ${count(rows.length)} values`,
        subtitle: `Odd: farther from what was forecast of it than all but ${share} of held-out values.`,
        x: null,
        y: columns.value!,
        points: points((row) => numberIn(row[columns.value!])),
      }),
      await oddChart({
        title: "Normalised error",
        x: null,
        y: "standard deviations",
        points: points(({ error }) => (error === null ? NaN : Math.abs(error))),
        threshold,
        height: 180,
      }),
    );
  }
  return stackPictures("What is odd", pictures);
}

function bySeries(rows: readonly WatchedRow[], ids: readonly string[]): Map<string, WatchedRow[]> {
  const groups = new Map<string, WatchedRow[]>();
  for (const row of rows) {
    const id = ids.map((name) => String(row[name])).join(" ");
    const group = groups.get(id);
    if (group) group.push(row);
    else groups.set(id, [row]);
  }
  return groups;
}

/** NaN where it is missing. */
function numberIn(cell: unknown): number {
  return cell === null || cell === undefined || cell === "" ? NaN : Number(cell);
}
