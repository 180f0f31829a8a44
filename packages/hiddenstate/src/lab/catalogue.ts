import { HiddenstateError } from "@hiddenstate/core";
import type { Experiment } from "./experiment.ts";
import { bidirectional } from "./experiments/bidirectional.ts";
import { clipping } from "./experiments/clipping.ts";
import { conveyor } from "./experiments/conveyor.ts";
import { defaults } from "./experiments/defaults.ts";
import { exposureBias } from "./experiments/exposure-bias.ts";
import { gruCost } from "./experiments/gru-cost.ts";
import { memoryControl } from "./experiments/memory-control.ts";
import { memorySpan } from "./experiments/memory-span.ts";
import { scaling } from "./experiments/scaling.ts";
import { transformer } from "./experiments/transformer.ts";
import { truncation } from "./experiments/truncation.ts";
import { vanishing } from "./experiments/vanishing.ts";

/** All experiments, in the order in which they run and are reported. */
export const experiments: readonly Experiment[] = [
  memorySpan,
  vanishing,
  conveyor,
  gruCost,
  memoryControl,
  bidirectional,
  truncation,
  clipping,
  exposureBias,
  transformer,
  scaling,
  defaults,
];

/**
 * An experiment by name.
 * @throws HiddenstateError `unknown`, with the names that there are
 */
export function experimentNamed(name: string): Experiment {
  const found = experiments.find((one) => one.name === name);
  if (found) return found;
  const names = experiments.map((one) => one.name).join(", ");
  throw new HiddenstateError("unknown", `lab: unknown experiment ${JSON.stringify(name)}; there are ${names}`);
}
