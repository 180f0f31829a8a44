import type { EigenvalueRoutine } from "@hiddenstate/core";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/**
 * The eigenvalues of a real square matrix, complex pairs included (by Hessenberg reduction and the QR algorithm, as JAMA does it): what
 * `recurrentMatrices` takes.
 */
export const eigenvalues: EigenvalueRoutine = (matrix, size) => {
  const rows = Array.from({ length: size }, (_, i) => matrix.subarray(i * size, (i + 1) * size));
  const found = new EigenvalueDecomposition(new Matrix(rows));
  return { real: found.realEigenvalues, imaginary: found.imaginaryEigenvalues };
};
