import { HiddenstateError } from "@hiddenstate/core";
import type { FolderStorage } from "../files/folder-storage.ts";
import type { ComparePlan, FailedRun, Quality, RunResult } from "./comparison.ts";

/** What `compare.json` holds: the plan, and the runs that are finished. */
export interface CompareRecord {
  plan: ComparePlan;
  runs: RunResult[];
  failures: FailedRun[];
  /** What the runs' quality is; known after the first. */
  quality?: Quality;
}

const path = "compare.json";

/** Null where no comparison was begun. @throws HiddenstateError `corrupt` where the file is no JSON */
export async function readRecord(storage: FolderStorage): Promise<CompareRecord | null> {
  const bytes = await storage.read(path);
  if (!bytes) return null;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as CompareRecord;
  } catch (cause) {
    throw new HiddenstateError(
      "corrupt",
      `${storage.location}/${path}: corrupt file: it is no JSON; start over in another folder`,
      { cause },
    );
  }
}

export async function writeRecord(storage: FolderStorage, record: CompareRecord): Promise<void> {
  await storage.write(path, new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`));
}
