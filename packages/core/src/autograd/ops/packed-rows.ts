import type { Tensor } from "../../memory/tensor.ts";

/** Which rows of a batch run at which time step. */
export interface PackedRows {
  /** int32 [T]: rows still running, never rising. */
  batchSizes: Tensor;
  steps: number;
  batch: number;
  /** N, the sum of batchSizes. */
  rows: number;
  /** The packed rows of the first `steps` time steps together. */
  rowsBefore: (steps: number) => number;
}
