import { HiddenstateError, type ModelStorage } from "@hiddenstate/core";
import type { TrainOptions } from "./train-options.ts";

/** The options that a run keeps to when it is resumed. */
export type RecordedOptions = Omit<TrainOptions, "task" | "data" | "out" | "resume" | "signal">;

const path = "training/options.json";
const budgets = ["steps", "epochs", "minutes"] as const;

/** Writes down what a run was asked for, so that to resume it nothing needs to be repeated. */
export async function recordOptions(storage: ModelStorage, options: RecordedOptions): Promise<void> {
  await storage.write(path, new TextEncoder().encode(`${JSON.stringify(options, null, 2)}\n`));
}

/**
 * The options of the run to go on with, except where others are given. A budget given replaces the budget there was.
 *
 * @throws HiddenstateError `corrupt` for a file that is no JSON
 */
export async function recallOptions(storage: ModelStorage, given: RecordedOptions): Promise<RecordedOptions> {
  const bytes = await storage.read(path);
  const recorded = bytes ? parse(new TextDecoder().decode(bytes), `${storage.location}/${path}`) : {};
  if (budgets.some((budget) => given[budget] !== undefined)) for (const budget of budgets) delete recorded[budget];
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...recorded, ...Object.fromEntries(said) };
}

function parse(text: string, where: string): RecordedOptions {
  try {
    return JSON.parse(text) as RecordedOptions;
  } catch (cause) {
    throw new HiddenstateError(
      "corrupt",
      `${where}: corrupt file: it is not JSON; delete it and repeat the options of the run with resume`,
      { cause },
    );
  }
}
