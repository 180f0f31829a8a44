import type { Outcome } from "./outcome.ts";
import type { Samples } from "./samples.ts";
import type { Stage } from "./stage.ts";

/** One thing asked of a kernel set. It runs on the candidate and on the reference, with the same samples. */
export interface ConformanceCase {
  name: string;
  run(stage: Stage, samples: Samples): Record<string, Outcome>;
}
