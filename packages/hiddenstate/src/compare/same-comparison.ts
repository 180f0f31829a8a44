import { HiddenstateError } from "@hiddenstate/core";
import { fingerprintOf } from "../files/fingerprint.ts";
import { count } from "../format.ts";
import type { ComparedData, ComparePlan } from "./comparison.ts";
import { notOfTraining } from "./training-options.ts";

/** A comparison to go on with, as it is asked for now: what is left out is as it was. */
export type ResumedOptions = Readonly<Record<string, unknown>> & { data: string };

/**
 * Refuses to go on with a comparison on other data, or otherwise than it was begun: runs that are finished could not be compared with those to come.
 *
 * @throws HiddenstateError `mismatch`, naming all that differs
 */
export async function checkSame(plan: ComparePlan, given: ResumedOptions, folder: string): Promise<void> {
  const differences = [
    await otherData("data", plan.data, given.data),
    plan.validation && (await otherData("validation", plan.validation, plan.validation.path)),
    ...otherOptions(plan, given),
  ].filter((difference) => difference !== null);
  if (differences.length === 0) return;
  throw new HiddenstateError(
    "mismatch",
    `compare: mismatch in options: ${folder} was begun otherwise: ${differences.join("; ")}; use the same, or another --out`,
  );
}

/** Data may have moved, but not changed. */
async function otherData(name: string, was: ComparedData, path: string): Promise<string | null> {
  const { bytes, sha256 } = await fingerprintOf(path);
  if (sha256 === was.sha256) return null;
  const now = path === was.path ? "it" : path;
  return `${name} was ${was.path} (${count(was.bytes)} bytes), is ${now} with other contents (${count(bytes)} bytes)`;
}

function otherOptions(plan: ComparePlan, given: ResumedOptions): string[] {
  const budget = Object.fromEntries(
    ["minutes", "steps", "epochs"].filter((unit) => given[unit] !== undefined).map((unit) => [unit, given[unit]]),
  );
  const now: Record<string, unknown> = { ...given, budget: Object.keys(budget).length > 0 ? budget : undefined };
  const was: Record<string, unknown> = {
    ...plan.options,
    cells: plan.cells.map(({ cell }) => cell),
    seeds: plan.seeds.length,
    seed: plan.seeds[0],
    task: plan.task,
    budget: plan.budget,
    ...plan.asked,
  };
  const decided = new Set(["task", "from", "seed", "hidden", "evaluateEvery"]);
  return Object.keys(now)
    .filter((name) => now[name] !== undefined && (decided.has(name) || !notOfTraining.has(name)))
    .filter((name) => JSON.stringify(now[name]) !== JSON.stringify(was[name]))
    .map((name) => `${name} was ${JSON.stringify(was[name]) ?? "not given"}, is ${JSON.stringify(now[name])}`);
}
