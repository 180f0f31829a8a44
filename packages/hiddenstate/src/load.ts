import { stat } from "node:fs/promises";
import { HiddenstateError, loadConfig } from "@hiddenstate/core";
import { type EngineChoice, startEngine } from "./engine.ts";
import { FolderStorage } from "./files/folder-storage.ts";
import { failedWith, storageFault } from "./files/storage-fault.ts";
import { isTaskName, type ModelOf, type TaskName, taskNames, taskOf } from "./tasks/tasks.ts";

/** What is known of a model before it is loaded, and what computes. */
export interface LoadOptions<T extends TaskName = TaskName> extends EngineChoice {
  /** What it was trained for: its class is then known to the compiler, and another one is refused. */
  task?: T;
}

/**
 * A trained model from its folder, ready for what its task does: a language model writes and streams, a classifier and a tagger predict. Its
 * class is that of the task in its `config.json`; `model.task` tells which. Starts the engine if the program has not.
 *
 * @param folder where `train` put it, such as `"runs/shakespeare"`
 * @throws HiddenstateError `missing` where there is no model, `mismatch` where it is for another task than asked for, `corrupt` for a
 *   damaged file (naming it and the tensor)
 * @example
 * const model = await load("runs/shakespeare", { task: "lm" });
 * for await (const piece of model.generate({ prompt: "ROMEO:", length: 200 })) process.stdout.write(piece);
 */
export async function load<T extends TaskName = TaskName>(
  folder: string,
  options: LoadOptions<T> = {},
): Promise<ModelOf<T>> {
  const { task: wanted, ...choice } = options;
  const asked: TaskName | undefined = wanted;
  await requireFolder(folder);
  const storage = new FolderStorage(folder);
  const config = await loadConfig(storage);
  const task: unknown = config.task;
  if (!isTaskName(task))
    throw new HiddenstateError(
      "unsupported",
      `${folder}: unsupported task ${JSON.stringify(task)}; this version reads models for ${taskNames.join(", ")}`,
    );
  if (asked !== undefined && asked !== task) throw anotherTask(folder, task, asked);
  await startEngine(choice);
  return taskOf(task).load(storage) as Promise<ModelOf<T>>;
}

function anotherTask(folder: string, found: string, asked: string): HiddenstateError {
  return new HiddenstateError(
    "mismatch",
    `load: mismatch in task: ${folder} holds a model for ${found}, expected ${asked}; give the folder of another model`,
  );
}

async function requireFolder(folder: string): Promise<void> {
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (fault) {
    if (!failedWith(fault, "ENOENT")) throw storageFault(`cannot read ${folder}`, fault);
    throw new HiddenstateError("missing", `missing model ${folder}: there is no such folder`);
  }
  throw new HiddenstateError(
    "invalid",
    `invalid model ${folder}: it is a file; give the folder that holds config.json`,
  );
}
