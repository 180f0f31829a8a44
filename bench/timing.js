/** A sample lasts at least this long, so that a short step is timed over many. */
const sampleMs = 250;
const warmUpMs = 1500;
const warmUpCalls = 2;
const mostCalls = 1000;

/**
 * @typedef {object} Sample
 * @property {number} ms of one call, on average
 * @property {number} processors that the process kept busy: below 1 where others took the machine away from it
 */

/**
 * Times one piece of work in samples.
 *
 * @param {() => unknown} work one step; may be asynchronous, and may give the milliseconds that count where that is a part of its time
 */
export function timer(work) {
  let callMs = Infinity;

  /** @param {number} calls */
  async function time(calls) {
    const start = performance.now();
    const cpuBefore = process.cpuUsage();
    /** @type {number | null} */
    let counted = null;
    for (let i = 0; i < calls; i++) {
      const own = await work();
      if (typeof own === "number") counted = (counted ?? 0) + own;
    }
    const cpu = process.cpuUsage(cpuBefore);
    const ms = performance.now() - start;
    return { ms: (counted ?? ms) / calls, processors: (cpu.user + cpu.system) / 1e3 / ms };
  }

  return {
    /** Runs until the work has been compiled and the memory is there. */
    async warmUp() {
      const start = performance.now();
      for (let calls = 0; calls < warmUpCalls || performance.now() - start < warmUpMs; calls++)
        callMs = (await time(1)).ms;
    },

    /** @returns {Promise<Sample>} */
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
 * @property {number} processors the median of the samples'
 */

/**
 * @param {readonly Sample[]} samples at least one
 * @returns {Spread} of their milliseconds
 */
export function spreadOf(samples) {
  const times = samples.map(({ ms }) => ms);
  return {
    median: median(times),
    min: Math.min(...times),
    max: Math.max(...times),
    repeats: samples.length,
    processors: median(samples.map(({ processors }) => processors)),
  };
}

/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}
