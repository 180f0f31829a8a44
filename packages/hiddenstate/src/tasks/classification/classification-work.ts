import type { ClassifierModel } from "@hiddenstate/core";
import { type SequenceWork, sequenceSteps } from "../model-work.ts";

/** A classifier says of one sequence what it is. */
export function classificationWork(model: ClassifierModel): SequenceWork {
  const input = inputOf(model);
  return { kind: "sequence", read: async () => model.predict([input]) };
}

/** The tokens of the vocabulary in their order, or the mean of each column again and again. */
function inputOf({ config, tokenizer }: ClassifierModel): string | number[][] {
  if (config.input.kind === "numbers") {
    const { mean } = config.input;
    return Array.from({ length: sequenceSteps }, () => mean);
  }
  const { size } = tokenizer!;
  return tokenizer!.decode(Int32Array.from({ length: sequenceSteps }, (_, i) => i % size)) || "a";
}
