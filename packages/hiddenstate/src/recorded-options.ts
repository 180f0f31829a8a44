import { loadConfig, type ModelStorage } from "@hiddenstate/core";
import { parseJson } from "./files/parse-json.ts";

/** The options that a run keeps to when it is resumed. */
export type RecordedOptions = Readonly<Record<string, unknown>>;

const path = "training/options.json";
const budgets = ["steps", "epochs", "minutes"] as const;

/** Writes down what a run was asked for, so that to resume it nothing needs to be repeated. */
export async function recordOptions(storage: ModelStorage, options: RecordedOptions): Promise<void> {
  await storage.write(path, new TextEncoder().encode(`${JSON.stringify(options, null, 2)}\n`));
}

/**
 * What a run was asked for; null where it was not written down.
 *
 * @throws HiddenstateError `corrupt` for a file that is not JSON
 */
export async function readOptions(storage: ModelStorage): Promise<RecordedOptions | null> {
  const bytes = await storage.read(path);
  if (!bytes) return null;
  const remedy = "delete it and repeat the options of the run with resume";
  return parseJson(new TextDecoder().decode(bytes), `${storage.location}/${path}`, remedy) as RecordedOptions;
}

/**
 * The options of the run to go on with, except where others are given. A budget given replaces the budget there was.
 *
 * @throws HiddenstateError `corrupt` for a file that is not JSON
 */
export async function recallOptions<Given extends RecordedOptions>(
  storage: ModelStorage,
  given: Given,
): Promise<Given> {
  const recorded: Record<string, unknown> = { ...(await readOptions(storage)) };
  if (budgets.some((budget) => given[budget] !== undefined)) for (const budget of budgets) delete recorded[budget];
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...recorded, ...Object.fromEntries(said) } as Given;
}

/** The task of the run to go on with; null where nothing complete is there yet. */
export async function recallTask(storage: ModelStorage): Promise<unknown> {
  if ((await storage.size("config.json")) === null) return null;
  return (await loadConfig(storage)).task;
}
