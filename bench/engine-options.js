import { ParticipantError } from "./participant.js";
import { UsageError } from "./usage-error.js";

/**
 * Options of the command line that choose what computes.
 *
 * @typedef {object} EngineChoice
 * @property {string} backend
 * @property {string} [instructionSet]
 * @property {number} [threads]
 */

/**
 * What engine.init is given.
 * @param {EngineChoice} choice
 * @returns {Record<string, unknown>}
 */
export function engineOptions({ backend, instructionSet, threads = 1 }) {
  return { backend, ...(instructionSet && { instructionSet }), threads };
}

/**
 * Says what to do about an engine that refused its options.
 * @param {unknown} error
 */
export function explained(error) {
  if (!(error instanceof ParticipantError)) return error;
  const optionsAtFault = ["invalid", "unknown", "unsupported"].includes(error.code ?? "");
  return optionsAtFault ? new UsageError(error.message) : error;
}
