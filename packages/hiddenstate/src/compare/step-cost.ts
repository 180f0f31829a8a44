import {
  ClassifierModel,
  engine,
  type SequenceStream,
  TaggerModel,
  TextModel,
  TranslatorModel,
} from "@hiddenstate/core";
import type { TrainedModel } from "../tasks/task.ts";
import type { StepCost } from "./comparison.ts";
import { median } from "./run-curve.ts";

/** Steps read before, for a step's time and the size of the state. */
const contexts = [1, 16, 64, 256, 1024];
const longest = contexts.at(-1)!;
/** Steps, or sequences, that a time is the median of. */
const timed = 64;

/** Measures what a trained model costs where it is used: one step of one stream, or, where it reads whole sequences, one sequence. */
export async function stepCost(model: TrainedModel): Promise<StepCost> {
  if (model instanceof TextModel) return streamCost(() => model.model.stream(), model.model.options.vocabularySize);
  if (model instanceof ClassifierModel) {
    const input = classifierInput(model);
    return sequenceCost(() => model.predict([input]));
  }
  if (model instanceof TaggerModel) {
    const words = Array.from({ length: sequenceSteps }, (_, i) => ["the", "house", "was", "sold"][i % 4]);
    return sequenceCost(() => model.tag([words]));
  }
  if (model instanceof TranslatorModel) {
    const text = model.source.decode(Array.from({ length: sequenceSteps }, (_, i) => i % model.source.size)) || "a";
    return sequenceCost(() => model.translate([text], { longest: sequenceSteps }));
  }
  return { latency: [], streamBytes: null, stateBytes: [] };
}

function streamCost(make: () => SequenceStream, vocabularySize: number): StepCost {
  // What is packed of the weights belongs to the model, not to a stream.
  const first = make();
  // As often as the other one, so that what JavaScript compiles is compiled.
  for (let step = 0; step < longest; step++) first.push([step % vocabularySize]);
  const before = engine.info().bytesInUse;
  const stream = make();
  const token = [0];
  const latency: { context: number; seconds: number }[] = [];
  const stateBytes: { context: number; bytes: number }[] = [];
  let times: number[] = [];
  for (let step = 1; step <= longest + timed; step++) {
    token[0] = (step * 7) % vocabularySize;
    const start = performance.now();
    stream.push(token);
    times.push((performance.now() - start) / 1000);
    if (contexts.includes(step)) {
      const { h, c = [], positions = [] } = stream.state();
      stateBytes.push({ context: step, bytes: 4 * (h.length + c.length + positions.length) });
    }
    if (step === timed || step === longest + timed)
      latency.push({ context: step === timed ? timed : longest, seconds: median(times.slice(-timed / 2)) });
    if (step === longest) times = [];
  }
  return { latency, streamBytes: engine.info().bytesInUse - before, stateBytes };
}

/** Steps of the sequence that is read. */
const sequenceSteps = 32;

async function sequenceCost(read: () => Promise<unknown>): Promise<StepCost> {
  const times: number[] = [];
  for (let i = 0; i < timed; i++) {
    const start = performance.now();
    await read();
    times.push((performance.now() - start) / 1000);
  }
  return {
    latency: [{ context: sequenceSteps, seconds: median(times.slice(timed / 2)) }],
    streamBytes: null,
    stateBytes: [],
  };
}

function classifierInput({ config, tokenizer }: ClassifierModel): string | number[][] {
  if (config.input.kind === "numbers") {
    const { mean } = config.input;
    return Array.from({ length: sequenceSteps }, () => mean);
  }
  const { size } = tokenizer!;
  return tokenizer!.decode(Int32Array.from({ length: sequenceSteps }, (_, i) => i % size)) || "a";
}
