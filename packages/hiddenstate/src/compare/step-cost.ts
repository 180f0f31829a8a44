import { engine } from "@hiddenstate/core";
import { type ModelWork, type SequenceWork, sequenceSteps, type StreamWork } from "../tasks/model-work.ts";
import type { StepCost } from "./comparison.ts";
import { median } from "../statistics.ts";

/** Steps read before, for a step's time and the size of the state. */
const contexts = [1, 16, 64, 256, 1024];
const longest = contexts.at(-1)!;
/** Steps, or sequences, of which the later half is timed. */
const timed = 64;
/** Milliseconds of steps that are not timed, at most. */
const warmUp = 100;

/** Measures what a trained model costs where it is used: one step of one stream, or, where it reads whole sequences, one sequence. */
export async function stepCost(work: ModelWork): Promise<StepCost> {
  return work.kind === "stream" ? streamCost(work) : sequenceCost(work);
}

function streamCost(work: StreamWork): StepCost {
  // What is packed of the weights belongs to the model, not to a stream.
  const first = work.open();
  // As often as the other one, so that what JavaScript compiles is compiled; slow steps need fewer for that.
  const enough = performance.now() + warmUp;
  for (let step = 0; step < longest && performance.now() < enough; step++) first.step();
  const before = engine.info().bytesInUse;
  const stream = work.open();
  const latency: { context: number; seconds: number }[] = [];
  const stateBytes: { context: number; bytes: number }[] = [];
  let times: number[] = [];
  for (let step = 1; step <= longest + timed; step++) {
    const start = performance.now();
    stream.step();
    times.push((performance.now() - start) / 1000);
    if (contexts.includes(step)) stateBytes.push({ context: step, bytes: stream.stateBytes() });
    if (step === timed || step === longest + timed)
      latency.push({ context: step === timed ? timed : longest, seconds: median(times.slice(-timed / 2)) });
    if (step === longest) times = [];
  }
  return { kind: "stream", latency, streamBytes: engine.info().bytesInUse - before || null, stateBytes };
}

async function sequenceCost(work: SequenceWork): Promise<StepCost> {
  const times: number[] = [];
  for (let i = 0; i < timed; i++) {
    const start = performance.now();
    await work.read();
    times.push((performance.now() - start) / 1000);
  }
  const latency = [{ context: sequenceSteps, seconds: median(times.slice(timed / 2)) }];
  return { kind: "sequence", latency, streamBytes: null, stateBytes: [] };
}
