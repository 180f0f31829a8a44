/** How a column of a table for people is laid out. */
export interface TextColumn {
  title: string;
  /** Default: left for text, right for numbers that were formatted as text, as said. */
  align: "left" | "right";
}

/**
 * Lines of a table with columns as wide as they must be, two spaces apart.
 *
 * @param rows a cell for each column
 */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, k) => Math.max(width(title), ...rows.map((row) => width(row[k]))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, k) =>
        columns[k].align === "left" ? cell + pad(widths[k] - width(cell)) : pad(widths[k] - width(cell)) + cell,
      )
      .join("  ")
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

function width(text: string): number {
  return Array.from(text).length;
}

function pad(count: number): string {
  return " ".repeat(Math.max(0, count));
}
