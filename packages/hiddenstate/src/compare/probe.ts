import { MemoryStorage, type StepEvent, type TrainingEvent } from "@hiddenstate/core";
import type { TaskGiven, TrainedModel } from "../tasks/task.ts";
import type { AnyTask } from "../tasks/tasks.ts";

/** What a few steps of a training that is thrown away tell. */
export interface Probe {
  parameters: number;
  stepsPerEpoch: number;
  /** How many positions a Transformer needs for it, if it needs any. */
  longestSequence: number;
  /** Null where only the parameters were asked for. */
  secondsPerStep: number | null;
}

/** One whose steps were timed. */
export interface TimedProbe extends Probe {
  secondsPerStep: number;
}

/** Steps that are timed, after as many that are not; fewer where something else makes the training read its log before. */
const timedSteps = 5;

/**
 * Starts a training in memory and ends it again.
 *
 * @param given all options of the training but a budget
 * @param place a folder for what data is too large to be held in memory
 */
export async function probe(task: AnyTask, given: TaskGiven, place: string, timed: boolean): Promise<Probe> {
  const prepared = await task.prepare(
    { ...given, steps: 1_000_000, epochs: undefined, minutes: undefined, logEvery: timedSteps },
    { folder: place, told: true },
  );
  const run: AsyncGenerator<TrainingEvent, TrainedModel> = prepared.train({ storage: new MemoryStorage() });
  const found: Probe = { parameters: 0, stepsPerEpoch: 0, longestSequence: 0, secondsPerStep: null };
  let before: StepEvent | null = null;
  try {
    for await (const event of run) {
      if (event.type === "start") {
        found.parameters = event.parameters;
        found.stepsPerEpoch = event.stepsPerEpoch;
        found.longestSequence = event.longestSequence ?? 0;
        if (!timed) break;
      }
      if (event.type !== "step") continue;
      if (before !== null) {
        found.secondsPerStep = (event.seconds - before.seconds) / (event.step - before.step);
        break;
      }
      before = event;
    }
  } finally {
    await run.return(undefined as never);
    prepared.close();
  }
  return found;
}
