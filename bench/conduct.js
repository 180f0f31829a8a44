import { setTimeout as sleep } from "node:timers/promises";
import { forwardFlops, productFlops, trainingFlops } from "./cases.js";
import { ParticipantError, start } from "./participant.js";
import { peakFlops } from "./peak.js";
import { allPhases, poolSize } from "./phases.js";
import { spreadOf } from "./timing.js";

/**
 * @typedef {import("./phases.js").Phase} Phase
 * @typedef {import("./timing.js").Sample} Sample
 * @typedef {import("./timing.js").Spread} Spread
 * @typedef {import("./participant.js").Participant} Participant
 */

/**
 * What was measured of one contender in one case. Times are medians over the repeats; a row lacks what its contender cannot do.
 *
 * @typedef {object} Row
 * @property {string} peer
 * @property {string} case
 * @property {string} [backend] ours
 * @property {string} [instructionSet] ours
 * @property {number} threads
 * @property {string} [node] version, of Node programs
 * @property {string} [version] of a peer
 * @property {number} [trainTokensPerSecond] true steps only
 * @property {number} [trainGflops] 10^9 multiplications and additions of the matrix products a second
 * @property {number} [stepMs] one training step
 * @property {number} [streamUs] one time step at batch 1, with embedding and linear layer
 * @property {number} [streamRecurrentUs] the same, recurrent layers only
 * @property {number} [forwardMs] recurrent layers over the batch
 * @property {number} [forwardGflops]
 * @property {number} [streamInt8Us] ours: a step of the recurrent layers with weights of 8 bits
 * @property {number} [poolUs] ours: a step of the recurrent layers for 64 streams together
 * @property {number} [poolGflops]
 * @property {number} [productsGflops] ours: of the matrix products alone, within a training step
 * @property {number} [peakGflops] ours: what one core does of nothing but multiply-adds in registers
 * @property {number} [peakRssMb] of the process, at its most, after training
 * @property {number} [rssAboveIdleMb] resident after training less what was before the model was made
 * @property {Partial<Record<Phase, Spread>>} spread milliseconds of each sample
 * @property {Record<string, Partial<Record<Phase, number>>>} [times] ours: how many times as fast as each peer
 */

/**
 * Measures one case: all contenders live at once and take turns sample by sample, so that whatever else the machine does
 * meets all of them.
 *
 * @param {import("./cases.js").Case} shape
 * @param {readonly import("./participant.js").Contender[]} contenders
 * @param {{ repeats: number, undisturbed: boolean, complain: (text: string) => void }} options `undisturbed`: samples that
 *   other programs disturbed are taken again
 * @returns {Promise<Row[]>} in the contenders' order
 * @throws {ParticipantError} where one of our own fails; a peer that does is left out
 */
export async function conduct(shape, contenders, { repeats, undisturbed, complain }) {
  /** @type {Measured[]} */
  let measured = [];
  try {
    for (const contender of contenders) {
      await tolerant(contender.peer, complain, async () => {
        measured.push({ participant: await start(contender), samples: {}, memory: {} });
      });
    }
    for (const phase of allPhases) {
      const able = measured.filter(({ participant }) => participant.contender.phases.includes(phase));
      /** @param {(one: Measured) => Promise<void>} work */
      const inTurn = async (work) => {
        for (const one of able) {
          if (!measured.includes(one)) continue;
          const { participant } = one;
          const worked = await tolerant(participant.contender.peer, complain, () => work(one));
          if (!worked) measured = measured.filter((other) => other !== one);
        }
      };
      await inTurn(async ({ participant }) => void (await participant.ask(`warm ${phase}`)));
      for (let round = 0; round < repeats; round++) {
        await inTurn(async ({ participant, samples }) => {
          (samples[phase] ??= []).push(await sampled(participant, phase, undisturbed));
          // Thread pools spin for a while after their work.
          await sleep(20);
        });
      }
      if (phase === "train") await inTurn(async (one) => void (one.memory = await one.participant.ask("memory")));
    }
  } finally {
    await Promise.all(measured.map(({ participant }) => participant.close()));
  }
  return measured.map((one) => rowOf(shape, one));
}

/**
 * @typedef {object} Measured
 * @property {Participant} participant
 * @property {Partial<Record<Phase, Sample[]>>} samples
 * @property {{ peakRssMb?: number, rssAboveIdleMb?: number }} memory
 */

/** A sample is undisturbed if its process had this share of a processor. */
const undisturbedShare = 0.95;
const mostAttemptsMs = 60_000;

/**
 * @param {Participant} participant
 * @param {Phase} phase
 * @param {boolean} undisturbed
 * @returns {Promise<Sample>} where none is undisturbed, the one that was least so
 */
async function sampled(participant, phase, undisturbed) {
  /** @type {Sample | null} */
  let best = null;
  const began = performance.now();
  do {
    const sample = /** @type {Sample} */ (/** @type {unknown} */ (await participant.ask(`time ${phase}`)));
    if (!best || sample.processors > best.processors) best = sample;
    if (!undisturbed || best.processors >= undisturbedShare) break;
    await sleep(200);
  } while (performance.now() - began < mostAttemptsMs);
  return best;
}

/**
 * @param {string} peer
 * @param {(text: string) => void} complain
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} false if a peer failed
 */
async function tolerant(peer, complain, work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (peer === "hiddenstate" || !(error instanceof ParticipantError)) throw error;
    complain(`left out: ${error.message}`);
    return false;
  }
}

/**
 * @param {import("./cases.js").Case} shape
 * @param {Measured} measured
 * @returns {Row}
 */
function rowOf(shape, { participant, samples, memory }) {
  const { peer, threads } = participant.contender;
  /** @type {Partial<Record<Phase, Spread>>} */
  const spread = {};
  for (const phase of allPhases) {
    const taken = samples[phase];
    // A process that cannot measure a phase gives no number.
    if (taken?.every(({ ms }) => Number.isFinite(ms))) spread[phase] = spreadOf(taken);
  }
  const { train, stream, streamRecurrent, forward, streamInt8, pool, products, peak } = spread;
  const poolFlops = (forwardFlops(shape) / shape.tokens) * poolSize;
  return {
    peer,
    case: shape.name,
    threads,
    ...participant.facts,
    ...(train && {
      trainTokensPerSecond: Math.round((shape.tokens / train.median) * 1e3),
      trainGflops: rounded(trainingFlops(shape) / train.median / 1e6),
      stepMs: rounded(train.median),
    }),
    ...(stream && { streamUs: rounded(stream.median * 1e3) }),
    ...(streamRecurrent && { streamRecurrentUs: rounded(streamRecurrent.median * 1e3) }),
    ...(forward && {
      forwardMs: rounded(forward.median),
      forwardGflops: rounded(forwardFlops(shape) / forward.median / 1e6),
    }),
    ...(streamInt8 && { streamInt8Us: rounded(streamInt8.median * 1e3) }),
    ...(pool && {
      poolUs: rounded(pool.median * 1e3),
      poolGflops: rounded(poolFlops / pool.median / 1e6),
    }),
    ...(products && { productsGflops: rounded(productFlops(shape) / products.median / 1e6) }),
    ...(peak && { peakGflops: rounded(peakFlops / peak.median / 1e6) }),
    ...Object.fromEntries(Object.entries(memory).map(([name, megabytes]) => [name, rounded(megabytes)])),
    spread: Object.fromEntries(Object.entries(spread).map(([phase, value]) => [phase, roundedSpread(value)])),
  };
}

/** @param {Spread} spread */
function roundedSpread({ median, min, max, repeats, processors }) {
  return { median: rounded(median), min: rounded(min), max: rounded(max), repeats, processors: rounded(processors) };
}

/** Four digits: more than the machine's noise allows. @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(4));
}

/**
 * Adds to each of our rows how many times as fast it is as each peer of the same case, threads and (for Node programs) Node.
 * @param {readonly Row[]} rows of one case
 */
export function addRatios(rows) {
  for (const ours of rows.filter(({ peer }) => peer === "hiddenstate")) {
    for (const other of rows) {
      if (other.peer === "hiddenstate" || (other.node && other.node !== ours.node)) continue;
      for (const phase of allPhases) {
        const [mine, theirs] = [ours.spread[phase], other.spread[phase]];
        if (mine && theirs) ((ours.times ??= {})[other.peer] ??= {})[phase] = rounded(theirs.median / mine.median);
      }
    }
  }
}
