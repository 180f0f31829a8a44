import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type CellColumn, type CellOptions, cellOptionTable } from "../src/nn/cell-options.ts";

const page = readFileSync(new URL("../../../docs/cells.md", import.meta.url), "utf8");

/** The table of options as it stands in the docs: a number where an option is refused, and the reasons by number. */
function tableOfOptions(): string {
  const options = Object.keys(cellOptionTable) as (keyof CellOptions)[];
  const columns = Object.keys(cellOptionTable.layerNorm) as CellColumn[];
  const reasons: string[] = [];
  const shown = (verdict: true | string): string => {
    if (verdict === true) return "yes";
    if (!reasons.includes(verdict)) reasons.push(verdict);
    return `no (${reasons.indexOf(verdict) + 1})`;
  };
  const lines = options.map((option) => [
    `\`${option}\``,
    ...columns.map((column) => shown(cellOptionTable[option][column])),
  ]);
  const rows = [["", ...columns], ["---", ...columns.map(() => "---")], ...lines];
  const table = rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return `${table}\n\n${reasons.map((reason, i) => `${i + 1}. ${reason}`).join("\n")}\n`;
}

test("docs/cells.md has the table of options that the code keeps to", () => {
  expect(page).toContain(tableOfOptions());
});
