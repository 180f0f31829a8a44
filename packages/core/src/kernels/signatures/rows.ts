/** Rows picked, put back and pooled by an index. */
export const rows = {
  /** out[i, :] (+)= x[index[i], :], index int32 [rows]; a negative index stands for a row of zeros */
  gatherRows: { out: "offset", x: "offset", index: "offset", rows: "int", width: "int", accumulate: "int" },
  /** out[index[i], :] = x[i, :]; no index twice, none negative */
  scatterRows: { out: "offset", x: "offset", index: "offset", rows: "int", width: "int" },
  /** out[index[i], :] += x[i, :] for i in order; negative indices are passed over */
  scatterAddRows: { out: "offset", x: "offset", index: "offset", rows: "int", width: "int" },
  /**
   * out[s, f] = the largest x[r, f] over rows r with segments[r] = s (NaN if one is NaN), x [rows, width], segments int32 [rows] with
   * negative ones passed over; where[s, f], int32 = the first row that has it. A segment without rows gets 0 and -1.
   */
  segmentMax: {
    out: "offset",
    where: "offset",
    x: "offset",
    segments: "offset",
    rows: "int",
    count: "int",
    width: "int",
  },
  /** gradX[where[s, f], f] += gradOut[s, f], where it is not -1 */
  segmentMaxBackward: { gradX: "offset", gradOut: "offset", where: "offset", count: "int", width: "int" },
} as const;
