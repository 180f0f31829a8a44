import { HiddenstateError } from "@hiddenstate/core";
import type { FolderStorage } from "../files/folder-storage.ts";
import { parseJson } from "../files/parse-json.ts";
import type { ComparePlan, FailedRun, RunResult } from "./comparison.ts";

/** What `compare.json` holds: the plan, and the runs that are finished. */
export interface CompareRecord {
  plan: ComparePlan;
  runs: RunResult[];
  failures: FailedRun[];
}

const path = "compare.json";

/** Null where no comparison was begun. @throws HiddenstateError `corrupt` where the file is not JSON, or not of a comparison */
export async function readRecord(storage: FolderStorage): Promise<CompareRecord | null> {
  const bytes = await storage.read(path);
  if (!bytes) return null;
  const where = `${storage.location}/${path}`;
  const remedy = "start over in another folder";
  const record = parseJson(new TextDecoder().decode(bytes), where, remedy) as Partial<CompareRecord> | null;
  // The data's fingerprint is what no run may do without.
  if (record?.plan?.data?.sha256 === undefined)
    throw new HiddenstateError("corrupt", `${where}: corrupt file: it does not say what was compared; ${remedy}`);
  return record as CompareRecord;
}

export async function writeRecord(storage: FolderStorage, record: CompareRecord): Promise<void> {
  await storage.write(path, new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`));
}
