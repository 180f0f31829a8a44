import { engine, noGrad, tensor, type TranslatorModel } from "@hiddenstate/core";
import { type SequenceWork, sequenceSteps } from "../model-work.ts";

/** A translator reads one text and writes another token by token; how long that is, is not its own choice: else who writes less would seem fast. */
export function translationWork({ model }: TranslatorModel): SequenceWork {
  const { sourceSize } = model.options;
  const ids = (count: number, id: (i: number) => number): Int32Array =>
    Int32Array.from({ length: count }, (_, i) => id(i));
  const source = {
    values: ids(sequenceSteps, (i) => i % sourceSize),
    steps: sequenceSteps,
    batch: 1,
    lengths: [sequenceSteps],
  };
  const written = ids(sequenceSteps, (i) => (i + model.boundary) % (model.boundary + 1));
  return {
    kind: "sequence",
    read: () =>
      engine.scope(() =>
        noGrad(() => {
          const { state: start, memory } = model.encode(source);
          let state = start;
          for (const id of written) {
            const next = model.step(tensor([id], [1], { dtype: "int32" }), state, memory);
            // Whoever decodes reads them to choose the next one.
            next.logits.dataSync();
            ({ state } = next);
          }
        }),
      ),
  };
}
