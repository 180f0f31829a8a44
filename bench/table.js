/**
 * Lines up rows of text in columns.
 *
 * @param {readonly string[]} heads
 * @param {readonly (readonly string[])[]} rows
 * @returns {string}
 */
export function table(heads, rows) {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column].length)));
  const line = (/** @type {readonly string[]} */ cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd();
  return [heads, ...rows].map(line).join("\n");
}

/** A number in at most four digits, with thousands apart. @param {number | undefined} value */
export function shortNumber(value) {
  if (value === undefined) return "";
  return Number(value.toPrecision(value >= 1000 ? 4 : 3)).toLocaleString("en");
}
