import { ParticipantError } from "./participant.js";

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
    return new ParticipantError(
      `unsupported --threads ${threads}: this version computes on one thread with backend "${backend}"; leave --threads out`,
      error.code,
    );
  }
  return error;
}
