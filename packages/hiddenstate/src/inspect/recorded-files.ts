import { HiddenstateError, type ModelStorage } from "@hiddenstate/core";

/** What a model's folder says of its training. */
export interface RecordedFiles {
  /** `training/options.json`; null where it is not there. */
  options: Readonly<Record<string, unknown>> | null;
  /** The lines of `training/metrics.jsonl`. */
  events: { type: string }[];
}

/** @throws HiddenstateError `corrupt`, naming the file and line, for what is no JSON */
export async function recordedFiles(storage: ModelStorage): Promise<RecordedFiles> {
  const options = await read(storage, "training/options.json");
  const metrics = await read(storage, "training/metrics.jsonl");
  return {
    options:
      options === null
        ? null
        : (parse(options, `${storage.location}/training/options.json`) as object as Record<string, unknown>),
    events: (metrics ?? "")
      .split("\n")
      .flatMap((line, i) =>
        line.trim() === "" ? [] : [parse(line, `${storage.location}/training/metrics.jsonl:${i + 1}`)],
      ),
  };
}

async function read(storage: ModelStorage, path: string): Promise<string | null> {
  const bytes = await storage.read(path);
  return bytes && new TextDecoder().decode(bytes);
}

function parse(text: string, where: string): { type: string } {
  try {
    return JSON.parse(text) as { type: string };
  } catch (cause) {
    throw new HiddenstateError(
      "corrupt",
      `${where}: corrupt file: it is not JSON; the training's record can't be read`,
      {
        cause,
      },
    );
  }
}
