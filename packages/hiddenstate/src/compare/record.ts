import { HiddenstateError } from "@hiddenstate/core";
import type { FolderStorage } from "../files/folder-storage.ts";
import type { ComparePlan, FailedRun, RunResult } from "./comparison.ts";

/** What `compare.json` holds: the plan, and the runs that are finished. */
export interface CompareRecord {
  plan: ComparePlan;
  runs: RunResult[];
  failures: FailedRun[];
}

const path = "compare.json";

/** Null where no comparison was begun. @throws HiddenstateError `corrupt` where the file is no JSON, or not of a comparison */
export async function readRecord(storage: FolderStorage): Promise<CompareRecord | null> {
  const bytes = await storage.read(path);
  if (!bytes) return null;
  const corrupt = (what: string, cause?: unknown): HiddenstateError =>
    new HiddenstateError(
      "corrupt",
      `${storage.location}/${path}: corrupt file: ${what}; start over in another folder`,
      { cause },
    );
  let record: Partial<CompareRecord> | null;
  try {
    record = JSON.parse(new TextDecoder().decode(bytes)) as Partial<CompareRecord> | null;
  } catch (cause) {
    throw corrupt("it is no JSON", cause);
  }
  // The data's fingerprint is what no run may do without.
  if (record?.plan?.data?.sha256 === undefined) throw corrupt("it does not say what was compared");
  return record as CompareRecord;
}

export async function writeRecord(storage: FolderStorage, record: CompareRecord): Promise<void> {
  await storage.write(path, new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`));
}
