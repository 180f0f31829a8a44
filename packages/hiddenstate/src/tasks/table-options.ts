import type { TableOptions } from "../files/tables/read-table.ts";
import type { TaskOption } from "./task-option.ts";

/** How tables are read: what all tasks that read them take. */
export interface TableGiven {
  /** What separates columns. Default: found out. */
  delimiter?: string;
  /** Whether the first line names the columns. Default: found out. */
  header?: "yes" | "no";
}

/** The flags of `TableGiven`. */
export const tableFlags: readonly TaskOption[] = [
  { flags: "--delimiter <text>", about: "what separates columns (default: found out)", group: "Data" },
  {
    flags: "--header <yes|no>",
    about: "whether the first line names the columns (default: found out)",
    group: "Data",
    value: { choices: ["yes", "no"] },
  },
];

/** The same as a reader takes it. */
export function tableOptions({ delimiter, header }: TableGiven): TableOptions {
  const written = delimiter === String.raw`\t` ? "\t" : delimiter;
  return { delimiter: written, header: header === undefined ? undefined : header === "yes" };
}
