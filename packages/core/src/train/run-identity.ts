import { HiddenstateError, shown } from "../errors.ts";
import { crc32 } from "../io/crc32.ts";
import { exactJson } from "../io/exact-json.ts";

/** What a run must have in common with the one it goes on with, by name: what is small as it is, what is large by its checksum. */
export type RunIdentity = Readonly<Record<string, string | number | boolean | null>>;

/** What makes a run the run that it is. */
export interface RunOrigin {
  /** All options, with their defaults, and the rules that name them. */
  options: object;
  rules: object;
  /** What `config.json` says: what was made of options and data. */
  config: object;
  /** Checksum of the data, training and held-out. */
  data: number;
}

/** Options that change no number that is learned: how long to train, and what to tell and save on the way. */
const free = ["steps", "epochs", "minutes", "patience", "logEvery", "checkpointEvery"];

/**
 * The identity of a run: all options that change its numbers, the architecture (which a model to start from may have laid down), what else
 * its configuration says, and its data.
 */
export function runIdentity({ options, rules, config, data }: RunOrigin): RunIdentity {
  const { task: _, version: __, architecture, ...made } = config as Record<string, unknown>;
  const given = options as Record<string, unknown>;
  const names = Object.keys(rules).filter((name) => !free.includes(name));
  const asked = Object.fromEntries(names.map((name) => [name, given[name]]));
  const all = { ...made, ...asked, ...(architecture as object) };
  const plain = Object.entries(all).map(([name, value]) => [name, small(value)] as const);
  return { ...Object.fromEntries(plain), data: checksumName(data) };
}

/**
 * @returns names of what only one of the two knows: they were written by different versions of the library, and are not compared. But what
 *   there was no option for yet when the run began was off
 * @throws HiddenstateError `mismatch`, naming all that differs
 */
export function compareRuns(location: string, was: RunIdentity, is: RunIdentity): string[] {
  const differences: string[] = [];
  const strange: string[] = [];
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const switched = [false, true, null].includes(is[name] as boolean | null);
    const before = was[name] ?? (switched ? false : null);
    const now = is[name] ?? (before === false ? false : null);
    if (before === now) continue;
    if (!(name in is) || (!(name in was) && !switched)) strange.push(name);
    else if ([before, now].some((value) => typeof value === "string" && value.startsWith(checksumMark)))
      differences.push(`${name} is not the same`);
    else differences.push(`${name} was ${shown(before)}, is ${shown(now)}`);
  }
  if (differences.length === 0) return strange;
  throw new HiddenstateError(
    "mismatch",
    `resume: mismatch in options or data: ${location} was trained otherwise: ${differences.join("; ")}; ` +
      "use what it was trained with, or another place for a new run, which may start from this model (from)",
  );
}

/** Texts longer than this are told by their checksum. */
const longest = 60;
const checksumMark = "crc-32:";

function small(value: unknown): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" || typeof value === "boolean") return value;
  const text = typeof value === "string" ? value : exactJson(value);
  return text.length <= longest ? text : checksumName(crc32(new TextEncoder().encode(text)));
}

function checksumName(checksum: number): string {
  return checksumMark + checksum.toString(16);
}
