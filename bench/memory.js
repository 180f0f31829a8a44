import { fileURLToPath } from "node:url";
import { explained } from "./engine-options.js";
import { commit, load, machine } from "./machine.js";
import { start } from "./participant.js";
import { saveResults } from "./results.js";
import { table } from "./table.js";

/** JavaScript's own bookkeeping (compiled code, type feedback) still settles a little after the first samples. */
const settlingBytes = 512 * 1024;

/**
 * Memory in use between two training steps, after a garbage collection.
 *
 * @typedef {object} MemorySample
 * @property {number} step
 * @property {number} jsHeapBytes what JavaScript objects take
 * @property {number} tensorBytes what living tensors take in the kernels' heap
 * @property {number} reservedBytes what the kernels' heap has asked of the system
 * @property {number} rssMb resident memory of the process
 */

/** @param {{ backend: string, steps: number, json?: boolean, save?: string }} options */
export async function memory({ backend, steps, json, save }) {
  const date = new Date().toISOString();
  const script = fileURLToPath(new URL("memory-steps.js", import.meta.url));
  const args = ["--expose-gc", script, JSON.stringify({ backend }), String(steps)];
  const { execPath } = process;
  let participant;
  try {
    participant = await start({ peer: "hiddenstate", command: execPath, args, phases: [], threads: 1, node: execPath });
  } catch (error) {
    throw explained(error);
  }
  await participant.close();
  const { samples, ...facts } = /** @type {{ samples: MemorySample[] }} */ (/** @type {unknown} */ (participant.facts));

  // The first sample comes when all shapes have been seen.
  const [first, last] = [samples[0], samples[samples.length - 1]];
  const growth = {
    jsHeapBytes: last.jsHeapBytes - first.jsHeapBytes,
    tensorBytes: last.tensorBytes - first.tensorBytes,
    reservedBytes: last.reservedBytes - first.reservedBytes,
  };
  const grew = growth.jsHeapBytes > settlingBytes || growth.tensorBytes > 0 || growth.reservedBytes > 0;
  const verdict = { steps, ...facts, ...growth, grew };

  if (json) {
    for (const sample of samples) console.log(JSON.stringify(sample));
    console.log(JSON.stringify(verdict));
  } else {
    const cells = samples.map((sample) => [
      sample.step.toLocaleString("en"),
      kib(sample.jsHeapBytes),
      kib(sample.tensorBytes),
      kib(sample.reservedBytes),
      sample.rssMb.toFixed(1),
    ]);
    console.log(table(["step", "JavaScript heap KiB", "tensors KiB", "kernels' heap KiB", "resident MiB"], cells));
    console.log(grew ? "memory grew" : "memory did not grow");
  }
  if (save) {
    saveResults(save, {
      kind: "memory",
      date,
      commit: commit(),
      machine: machine(),
      load: load(),
      ...verdict,
      samples,
    });
  }
  if (grew) process.exitCode = 1;
}

/** @param {number} bytes */
function kib(bytes) {
  return (bytes / 1024).toLocaleString("en", { maximumFractionDigits: 0 });
}
