import { drawPicture } from "./draw-picture.ts";
import type { Picture } from "./picture.ts";

export interface HeatMapOptions {
  title: string;
  subtitle?: string;
  caption?: string;
  /** What rows and columns are. */
  rowsLabel: string;
  columnsLabel: string;
  /** From the top down, and from the left. Names may repeat. */
  rows: readonly string[];
  columns: readonly string[];
  /** `values[r][c]`, of row r and column c; NaN leaves the cell empty. */
  values: readonly (readonly number[])[];
  /** What values are. */
  valueLabel: string;
  /** The values of the lightest and the darkest colour. Default: the least and the largest. */
  domain?: readonly [number, number];
  /** Written into cells; default: nothing. */
  text?: (value: number) => string;
}

const [leastCell, roomiest] = [16, 760];

/**
 * A matrix in shades of one colour, such as a confusion matrix or attention.
 *
 * @example
 * await heatMap({ title: "Attention", rowsLabel: "written", columnsLabel: "read", rows, columns, values, valueLabel: "weight", domain: [0, 1] });
 */
export async function heatMap(options: HeatMapOptions): Promise<Picture> {
  const { title, subtitle, caption, rows, columns, values, text } = options;
  const cells = values.flatMap((line, row) => line.map((value, column) => ({ row, column, value })));
  const known = cells.filter(({ value }) => !Number.isNaN(value));
  const [low, high] = options.domain ?? extent(known.map(({ value }) => value));
  const longest = (names: readonly string[]): number => Math.max(1, ...names.map((name) => Array.from(name).length));
  const marginLeft = 40 + longest(rows) * 7.5;
  const upright = longest(columns) > 2;
  const marginTop = (upright ? longest(columns) * 6.5 : 16) + 40;
  const cell = Math.max(leastCell, Math.min(44, (roomiest - marginLeft) / columns.length));
  return drawPicture((plot) => ({
    title,
    subtitle,
    caption,
    width: Math.max(420, marginLeft + cell * columns.length + 24),
    height: marginTop + cell * rows.length + 10,
    marginLeft,
    marginTop,
    marginRight: Math.max(24, 420 - marginLeft - cell * columns.length),
    marginBottom: 10,
    x: {
      domain: columns.map((_, i) => i),
      tickFormat: (i: number) => columns[i],
      axis: "top",
      tickSize: 0,
      tickRotate: upright ? -60 : 0,
      label: options.columnsLabel,
    },
    y: { domain: rows.map((_, i) => i), tickFormat: (i: number) => rows[i], tickSize: 0, label: options.rowsLabel },
    color: { type: "linear", scheme: "blues", domain: [low, high], legend: true, label: options.valueLabel },
    marks: [
      plot.cell(known, { x: "column", y: "row", fill: "value", inset: 0.5 }),
      ...(text
        ? [
            plot.text(known, {
              x: "column",
              y: "row",
              text: ({ value }: { value: number }) => text(value),
              fill: ({ value }: { value: number }) => (value - low > 0.55 * (high - low) ? "white" : "#1b1e23"),
              fontSize: Math.min(11, cell / 3.2),
            }),
          ]
        : []),
    ],
  }));
}

function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return low < high ? [low, high] : [Math.min(low, 0) || 0, Math.max(high, 1)];
}
