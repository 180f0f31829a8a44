import type { Table } from "./table.ts";

/** Whether a cell is a number as people write it. */
export function isNumber(cell: unknown): boolean {
  if (typeof cell === "number") return true;
  return typeof cell === "string" && cell.trim() !== "" && Number.isFinite(Number(cell));
}

/** Whether a cell looks like a date as people write it, ISO or not: `1949-01`, `1949-01-31`, with a time or without, `31.01.1949`, `01/31/1949`. */
export function looksLikeDate(cell: unknown): boolean {
  return (
    typeof cell === "string" &&
    /^(\d{4}-\d{1,2}(-\d{1,2})?([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?|\d{1,2}[./]\d{1,2}[./]\d{2,4})$/.test(
      cell.trim(),
    )
  );
}

/** A column's values that are there. */
export function valuesOf({ rows }: Table, column: string): unknown[] {
  return rows.map((row) => row[column]).filter((value) => value !== undefined && value !== null && value !== "");
}
