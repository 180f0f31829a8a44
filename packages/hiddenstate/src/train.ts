import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { engine, HiddenstateError, type TextModel, trainLanguageModel, type TrainingEvent } from "@hiddenstate/core";
import { startEngine } from "./engine.ts";
import { FolderStorage } from "./files/folder-storage.ts";
import { openTexts, type OpenTexts } from "./files/open-texts.ts";
import { failedWith, storageFault } from "./files/storage-fault.ts";
import { recallOptions, recordOptions } from "./recorded-options.ts";
import type { TrainingTexts, TrainOptions } from "./train-options.ts";

/**
 * Trains a model on a file or on texts, keeping the best one and all that is needed to resume in a folder. Yields what
 * happens as it happens and returns the best model. Starts the engine if the program has not.
 *
 * @throws HiddenstateError `missing`, `invalid` or `storage` for data that can't be read, `invalid` for a folder that exists,
 *   and what `trainLanguageModel` throws
 * @example
 * for await (const event of train({ task: "lm", data: "shakespeare.txt", cell: "lstm", steps: 1000 })) {
 *   if (event.type === "evaluation") console.log(event.step, event.loss);
 * }
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingEvent, TextModel> {
  const { task, data, out, resume = false, signal, ...given } = options;
  if (task !== "lm")
    throw new HiddenstateError("unsupported", `train: unsupported task: got ${JSON.stringify(task)}, expected "lm"`);
  const folder = outputFolder({ data, out });
  const storage = new FolderStorage(folder);
  if (!resume) await requireNew(folder);
  const settings = resume ? await recallOptions(storage, given) : given;
  const { validation, textPlace, backend, instructionSet, threads, ...rest } = settings;
  const hasBudget = rest.steps !== undefined || rest.epochs !== undefined || rest.minutes !== undefined;
  const tokensPath = join(folder, "training/tokens.bin");
  const { texts, notice, close } = await openData(data, validation, rest.tokenizer === "byte", tokensPath, textPlace);
  await startEngine({ backend, instructionSet, threads });
  if (notice !== null) yield { type: "notice", text: notice };
  const run = trainLanguageModel(texts, hasBudget ? rest : { ...rest, epochs: 10 }, { storage, resume, signal });
  let next: IteratorResult<TrainingEvent, TextModel> | undefined;
  try {
    // Everything given has been checked when the first event comes.
    next = await run.next();
    await recordOptions(storage, settings);
    let told = 0;
    for (; !next.done; next = await run.next()) {
      yield next.value;
      for (const text of engine.info().notices.slice(told)) {
        told++;
        yield { type: "notice", text };
      }
    }
    return next.value;
  } finally {
    // Where the caller has had enough, the run must end too.
    if (!next?.done) await run.return(undefined as never);
    close();
  }
}

/** Where the model goes. */
export function outputFolder({ data, out }: Pick<TrainOptions, "data" | "out">): string {
  if (out !== undefined) return out;
  const name = typeof data === "string" ? basename(data, extname(data)) : "";
  return join("runs", name === "" ? "lm" : name);
}

async function requireNew(folder: string): Promise<void> {
  let files: string[];
  try {
    files = await readdir(folder);
  } catch (fault) {
    if (failedWith(fault, "ENOENT")) return;
    throw storageFault(`cannot use ${folder} for the model`, fault);
  }
  if (files.length > 0)
    throw new HiddenstateError(
      "invalid",
      `train: invalid out: the folder ${folder} exists already; pass --resume to go on with its run, or another --out`,
    );
}

async function openData(
  data: string | TrainingTexts,
  validation: string | undefined,
  asBytes: boolean,
  tokensPath: string,
  textPlace: TrainOptions["textPlace"],
): Promise<OpenTexts> {
  if (typeof data === "string") {
    const paths = validation === undefined ? [data] : [data, validation];
    return openTexts(paths, asBytes, tokensPath, textPlace);
  }
  if (validation !== undefined)
    throw new HiddenstateError("mismatch", "train: mismatch in validation: data holds texts, so give data.validation");
  if (textPlace === "disk")
    throw new HiddenstateError(
      "mismatch",
      "train: mismatch in textPlace: data holds texts, which are in memory already",
    );
  return { texts: data, notice: null, close: () => {} };
}
