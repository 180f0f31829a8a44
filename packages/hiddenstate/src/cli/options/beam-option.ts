import type { Option } from "commander";
import type { TrainedModel } from "../../tasks/task.ts";
import { taskOf, type TaskName } from "../../tasks/tasks.ts";
import { UsageError } from "../usage-error.ts";
import { numberOption } from "./number-option.ts";

/** The flag of commands that let models of several tasks work, one of which writes. */
export const beamOption = (): Option =>
  numberOption("--beam <n>", "texts: follow so many beginnings and give the best of all (default: token by token)", {
    whole: true,
    min: 1,
  });

/** @throws UsageError `mismatch` for a model that writes no texts from texts */
export function refuseIdleBeam(beam: number | undefined, { task }: TrainedModel, folder: string): void {
  if (beam === undefined || task === "seq2seq") return;
  throw new UsageError(
    "mismatch",
    `mismatch in --beam: it does nothing with ${folder}, which learned ${taskOf(task as TaskName).learns}; leave it out`,
  );
}
