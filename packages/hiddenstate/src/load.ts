import { stat } from "node:fs/promises";
import { HiddenstateError, loadTextModel, type TextModel } from "@hiddenstate/core";
import { type EngineChoice, startEngine } from "./engine.ts";
import { FolderStorage } from "./files/folder-storage.ts";
import { failedWith, storageFault } from "./files/storage-fault.ts";

/**
 * A trained model from its folder, ready to write, evaluate and stream. Starts the engine if the program has not.
 *
 * @param folder where `train` put it, such as `"runs/shakespeare"`
 * @throws HiddenstateError `missing` where there is no model, `corrupt` for a damaged file (naming it and the tensor)
 * @example
 * const model = await load("runs/shakespeare");
 * for await (const piece of model.generate({ prompt: "ROMEO:", length: 200 })) process.stdout.write(piece);
 */
export async function load(folder: string, choice: EngineChoice = {}): Promise<TextModel> {
  await requireFolder(folder);
  await startEngine(choice);
  return loadTextModel(new FolderStorage(folder));
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
