#include "kernel.h"

INLINE void addRow(float *to, const float *from, uint32_t count) {
  for (uint32_t j = 0; j < count; j += VL) {
    const uint32_t lanes = count - j;
    storePart(to + j, loadPart(to + j, lanes, 0) + loadPart(from + j, lanes, 0), lanes);
  }
}

KERNEL(gatherRows, GatherRowsArgs) {
  const int32_t *index = INTS(a->index);
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    float *out = FLOATS(a->out) + (size_t)row * a->width;
    const float *x = FLOATS(a->x) + (size_t)index[row] * a->width;
    if (index[row] >= 0) {
      if (a->accumulate) addRow(out, x, a->width);
      else copyFloats(out, x, a->width);
    } else if (!a->accumulate) {
      zeroFloats(out, a->width);
    }
  }
}

KERNEL(scatterRows, ScatterRowsArgs) {
  const int32_t *index = INTS(a->index);
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    copyFloats(FLOATS(a->out) + (size_t)index[row] * a->width, FLOATS(a->x) + (size_t)row * a->width, a->width);
  }
}

// Parts have columns, so that rows are added in order whatever the parts.
KERNEL(scatterAddRows, ScatterAddRowsArgs) {
  const int32_t *index = INTS(a->index);
  Range columns = share(a->width, 16, part, parts);
  for (uint32_t row = 0; row < a->rows; row++) {
    if (index[row] < 0) continue;
    addRow(FLOATS(a->out) + (size_t)index[row] * a->width + columns.start,
           FLOATS(a->x) + (size_t)row * a->width + columns.start, columns.end - columns.start);
  }
}
