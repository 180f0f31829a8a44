import { start } from "./participant.js";
import { fileURLToPath } from "node:url";
import { engineOptions, explained } from "./engine-options.js";
import { shortNumber, table } from "./table.js";

/**
 * @typedef {object} KernelTime
 * @property {string} kernel
 * @property {number} calls in one training step
 * @property {number} ms in one training step
 * @property {number} share of the step
 * @property {number} [gflops] of kernels that multiply matrices
 */

/**
 * @param {{ case: import("./cases.js").Case, steps: number, clock: string, json?: boolean } & import("./engine-options.js").EngineChoice} options
 */
export async function profile(options) {
  const { case: shape, steps, clock, json, threads = 1 } = options;
  const script = fileURLToPath(new URL("profile-steps.js", import.meta.url));
  const args = [script, shape.name, JSON.stringify(engineOptions(options)), String(steps), clock];
  let participant;
  try {
    participant = await start({
      peer: "hiddenstate",
      command: process.execPath,
      args,
      phases: [],
      threads,
      node: process.execPath,
    });
  } catch (error) {
    throw explained(error);
  }
  await participant.close();
  const { kernels, ...facts } = /** @type {{ kernels: KernelTime[], stepMs: number }} */ (
    /** @type {unknown} */ (participant.facts)
  );
  if (json) {
    for (const kernel of kernels) console.log(JSON.stringify({ case: shape.name, threads, ...facts, ...kernel }));
    return;
  }
  console.log(`${shape.name}: ${shortNumber(facts.stepMs)} ms a step by the ${clock} clock\n`);
  const cells = kernels.map(({ kernel, calls, ms, share, gflops }) => [
    kernel,
    shortNumber(calls),
    shortNumber(ms),
    `${(share * 100).toFixed(1)} %`,
    shortNumber(gflops),
  ]);
  console.log(table(["kernel", "calls", "ms", "share", "GFLOP/s"], cells));
}
