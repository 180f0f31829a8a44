import { HiddenstateError } from "@hiddenstate/core";
import { seeData } from "../files/see-data.ts";
import { type TableGiven, tableOptions } from "./table-options.ts";
import type { TaskGiven } from "./task.ts";
import { type TaskName, taskNames, taskOf } from "./tasks.ts";

/** What data asks for. */
export interface Recognised {
  task: TaskName;
  /** For people: what is learned, and why. */
  sentence: string;
}

/**
 * Finds out what some data asks for by looking at its beginning.
 *
 * @param given the options, which may name columns and say how a table is read
 * @throws HiddenstateError `missing` or `storage` for data that can't be read, `invalid` for data that no task recognises, and what is
 *   wrong with a table
 */
export async function recognise(given: TaskGiven & TableGiven & { data: string }): Promise<Recognised> {
  const seen = await seeData(given.data, tableOptions(given));
  for (const name of taskNames) {
    const task = taskOf(name);
    const reason = task.recognise(seen, given);
    if (reason === null) continue;
    return { task: name, sentence: `${seen.path}: learning ${task.learns} (--task ${name}), since ${reason}` };
  }
  const found = seen.folder
    ? `it is a folder; give one text file, or a folder with one text file (.txt) for each class: it holds ${list(seen.folder, "no files")}`
    : `its columns are ${list(seen.table?.columns ?? [], "none")}, and nothing says what to learn of them; ` +
      "give a column of labels or numbers to predict, or say what to learn with --task and with the options that name columns";
  throw new HiddenstateError("invalid", `invalid data ${seen.path}: ${found}`);
}

function list(names: readonly string[], none: string): string {
  if (names.length === 0) return none;
  return names.length > 6 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
