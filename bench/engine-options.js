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
  return { backend, ...(instructionSet && { instructionSet }), ...(threads > 1 && { threads }) };
}

/**
 * Says what to do about an engine that refused its options.
 * @param {unknown} error
 * @param {EngineChoice} choice
 */
export function explained(error, { backend, threads = 1 }) {
  if (!(error instanceof ParticipantError)) return error;
  if (threads > 1 && error.code === "unknown") {
    return new UsageError(
      `unsupported --threads ${threads}: backend "${backend}" computes on one thread in this version; leave --threads out`,
    );
  }
  const optionsAtFault = ["invalid", "unknown", "unsupported"].includes(error.code ?? "");
  return optionsAtFault ? new UsageError(error.message) : error;
}
