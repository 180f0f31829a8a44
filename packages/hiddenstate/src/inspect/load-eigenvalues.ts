import type { EigenvalueRoutine } from "@hiddenstate/core";

/**
 * The routine for eigenvalues that `recurrentMatrices` takes: ml-matrix's. It is loaded when it is asked for, because that takes longer than
 * all the rest of the library.
 *
 * @example
 * recurrentMatrices(model.model.rnn, await loadEigenvalues());
 */
export async function loadEigenvalues(): Promise<EigenvalueRoutine> {
  return (await import("./eigenvalues.ts")).eigenvalues;
}
