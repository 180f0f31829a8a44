import type { ModelStorage } from "@hiddenstate/core";
import { parseJson } from "./files/parse-json.ts";

const path = "training/metrics.jsonl";

/** A line of `training/metrics.jsonl`: a training's event as it was written down. */
export interface RecordedEvent {
  type: string;
}

/**
 * The events that a training wrote down, first one first; none where it wrote nothing.
 *
 * @param remedy what to do about a damaged record
 * @throws HiddenstateError `corrupt`, naming the line, for what is not JSON
 */
export async function readMetrics(storage: ModelStorage, remedy: string): Promise<RecordedEvent[]> {
  const bytes = await storage.read(path);
  const lines = new TextDecoder().decode(bytes ?? new Uint8Array()).split("\n");
  return lines.flatMap((line, i) =>
    line.trim() === "" ? [] : [parseJson(line, `${storage.location}/${path}:${i + 1}`, remedy) as RecordedEvent],
  );
}
