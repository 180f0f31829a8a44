/**
 * The side of a benchmarked process: it makes its model, says `{"ready": true, ...}`, and then answers each line on standard
 * input with a line of JSON on standard output, until the input ends.
 *
 *     warm PHASE    warms a phase up                     {}
 *     time PHASE    times one sample of it               {"ms": mean milliseconds of one call, "processors": kept busy}
 *     memory        after training                       {"peakRssMb": .., "rssAboveIdleMb": ..}
 *
 * All that are compared live at the same time and are asked in turn: whatever else the machine does hits all of them.
 */
import { createInterface } from "node:readline";
import { residentMemory } from "./resident-memory.js";
import { timer } from "./timing.js";

/**
 * @param {Record<string, unknown>} facts what to say of this process, such as versions
 * @param {Partial<Record<import("./phases.js").Phase, () => unknown>>} phases one call of each phase's work
 * @param {number} idleMb resident memory before the model was made
 */
export async function serve(facts, phases, idleMb) {
  const timers = new Map(Object.entries(phases).map(([phase, work]) => [phase, timer(work)]));
  answer({ ready: true, ...facts });
  for await (const line of createInterface({ input: process.stdin })) {
    const [request, phase] = line.trim().split(" ");
    const known = timers.get(phase);
    if (request === "memory") {
      const { nowMb, peakMb } = residentMemory();
      answer({ peakRssMb: peakMb, rssAboveIdleMb: nowMb - idleMb });
    } else if (request === "warm" && known) {
      await known.warmUp();
      answer({});
    } else if (request === "time" && known) {
      answer(await known.sample());
    } else {
      answer({
        error: `unknown request: got "${line}", expected warm or time with one of ${[...timers.keys()].join(", ")}, or memory`,
      });
    }
  }
}

/** @param {object} message */
function answer(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
