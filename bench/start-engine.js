import { engine, HiddenstateError } from "@hiddenstate/core";

/**
 * Starts the engine in a benchmarked process. One that refuses its options is told to the conducting process.
 * @param {string} options as JSON
 */
export async function startEngine(options) {
  try {
    return await engine.init({ seed: 0, ...JSON.parse(options) });
  } catch (error) {
    if (!(error instanceof HiddenstateError)) throw error;
    process.stdout.write(`${JSON.stringify({ error: error.message, code: error.code })}\n`);
    return null;
  }
}
