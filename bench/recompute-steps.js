// Training on long sequences with and without recomputing: how long a step takes, and how much memory what the recurrent layers keep.
// usage: node recompute-steps.js CASE ENGINE_OPTIONS_AS_JSON REPEATS; one line of JSON
import { engine, full, GRU, LSTM, RNN, sum } from "@hiddenstate/core";
import { parseCase } from "./cases.js";
import { startEngine } from "./start-engine.js";
import { median } from "./timing.js";
import { workOf } from "./work.js";

const shape = /** @type {import("./cases.js").Case} */ (parseCase(process.argv[2]));
const repeats = Number(process.argv[4]);
const info = await startEngine(process.argv[3]);
if (info) {
  // Recomputing first: the engine's peak is over all that came before.
  const [recomputed, plain] = [true, false].map(activationMegabytes);
  const ways = [true, false].map((recompute) => workOf(shape, info.instructionSet, { recompute }).train);
  /** @type {number[][]} */
  const times = [[], []];
  for (const train of ways) train();
  for (let i = 0; i < repeats; i++) {
    for (const [way, train] of ways.entries()) {
      // The processor's: a busy machine cannot disturb it.
      const before = process.cpuUsage();
      train();
      const { user, system } = process.cpuUsage(before);
      times[way].push((user + system) / 1e3);
    }
  }
  engine.close();
  const { backend, instructionSet } = info;
  const facts = { backend, instructionSet, node: process.version };
  const costs = {
    recomputed: { ms: median(times[0]), megabytes: recomputed },
    plain: { ms: median(times[1]), megabytes: plain },
  };
  process.stdout.write(`${JSON.stringify({ ready: true, ...facts, ...costs })}\n`);
}

/** The most that a pass forward and back through the recurrent layers takes besides what is there before and after. @param {boolean} recompute */
function activationMegabytes(recompute) {
  const { cell, hidden, layers, steps, batch } = shape;
  const Network = { rnn: RNN, lstm: LSTM, gru: GRU }[/** @type {"rnn" | "lstm" | "gru"} */ (cell)];
  const network = new Network({ inputSize: hidden, hiddenSize: hidden, layers });
  const x = full([steps, batch, hidden], 0.1);
  engine.scope(() => sum(network.forward(x, { recompute }).output).backward());
  return (engine.info().peakBytes - engine.info().bytesInUse) / 1e6;
}
