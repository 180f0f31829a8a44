/** A sample lasts at least this long, so that a short step is timed over many. */
const sampleMs = 250;
const warmUpMs = 1500;
const warmUpCalls = 2;
const mostCalls = 1000;

/**
 * Times one piece of work in samples.
 *
 * @param {() => unknown} work one step; may be asynchronous
 */
export function timer(work) {
  let callMs = Infinity;

  /** @param {number} calls */
  async function time(calls) {
    const start = performance.now();
    for (let i = 0; i < calls; i++) await work();
    return (performance.now() - start) / calls;
  }

  return {
    /** Runs until the work has been compiled and the memory is there. */
    async warmUp() {
      const start = performance.now();
      for (let calls = 0; calls < warmUpCalls || performance.now() - start < warmUpMs; calls++) callMs = await time(1);
    },

    /** @returns {Promise<number>} mean milliseconds of one call */
    async sample() {
      const calls = Math.min(mostCalls, Math.max(1, Math.ceil(sampleMs / callMs)));
      // Others ran meanwhile: bring our data back into the caches first, where that costs little.
      if (calls > 1) await time(Math.min(20, calls));
      return time(calls);
    },
  };
}

/**
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number} repeats
 */

/**
 * @param {readonly number[]} samples at least one
 * @returns {Spread}
 */
export function spreadOf(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1], repeats: sorted.length };
}
