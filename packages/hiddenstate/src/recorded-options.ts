import { HiddenstateError, loadConfig, type ModelStorage } from "@hiddenstate/core";

/** The options that a run keeps to when it is resumed. */
export type RecordedOptions = Readonly<Record<string, unknown>>;

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
export async function recallOptions<Given extends RecordedOptions>(
  storage: ModelStorage,
  given: Given,
): Promise<Given> {
  const bytes = await storage.read(path);
  const recorded = bytes ? parse(new TextDecoder().decode(bytes), `${storage.location}/${path}`) : {};
  if (budgets.some((budget) => given[budget] !== undefined)) for (const budget of budgets) delete recorded[budget];
  const said = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...recorded, ...Object.fromEntries(said) } as Given;
}

/** The task of the run to go on with; null where nothing complete is there yet. */
export async function recallTask(storage: ModelStorage): Promise<unknown> {
  if ((await storage.size("config.json")) === null) return null;
  return (await loadConfig(storage)).task;
}

function parse(text: string, where: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new HiddenstateError(
      "corrupt",
      `${where}: corrupt file: it is not JSON; delete it and repeat the options of the run with resume`,
      { cause },
    );
  }
}
