/** How a column of a table for people is laid out. */
export interface TextColumn {
  title: string;
  align: "left" | "right";
}

/** A column of text. */
export const left = (title: string): TextColumn => ({ title, align: "left" });

/** A column of numbers, one under the other by their ends. */
export const right = (title: string): TextColumn => ({ title, align: "right" });

/** The columns of most tables: names to the left, then numbers to the right. */
export function namesThenNumbers([names, ...numbers]: readonly string[]): TextColumn[] {
  return [left(names), ...numbers.map(right)];
}

/**
 * Lines of a table with columns as wide as they must be.
 *
 * @param rows a cell for each column; cells left out at the end are empty
 * @param look `gap`: spaces between two columns, default 2; `ruled`: whether a line divides titles and rows, default false
 */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  { gap = 2, ruled = false }: { gap?: number; ruled?: boolean } = {},
): string[] {
  const widths = columns.map(({ title }, k) => Math.max(...[title, ...rows.map((row) => row[k] ?? "")].map(textWidth)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, k) => {
        const space = " ".repeat(widths[k] - textWidth(cell));
        return columns[k].align === "left" ? cell + space : space + cell;
      })
      .join(" ".repeat(gap))
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join(" ".repeat(gap));
  return [line(columns.map(({ title }) => title)), ...(ruled ? [rule] : []), ...rows.map(line)];
}

/** The columns of a terminal that a text takes, one for each letter. */
export function textWidth(text: string): number {
  return Array.from(text).length;
}
