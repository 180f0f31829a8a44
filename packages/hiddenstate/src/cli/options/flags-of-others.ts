import type { AnyTask } from "../../tasks/tasks.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Refuses flags that a command has for models of other tasks.
 *
 * @param flags those that models of some tasks take, by their names, with what was given
 * @throws UsageError `mismatch`, naming the first that does nothing with a model of this task
 */
export function refuseFlagsOfOthers(task: AnyTask, folder: string, flags: Readonly<Record<string, unknown>>): void {
  const idle = Object.keys(flags).find((name) => flags[name] !== undefined && !task.takes.some((one) => one === name));
  if (idle === undefined) return;
  throw new UsageError(
    "mismatch",
    `mismatch in --${idle}: it does nothing with ${folder}, which is ${task.noun}; leave it out`,
  );
}
