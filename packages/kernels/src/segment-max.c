#include "kernel.h"

// Parts have columns, as in scatterAddRows.
KERNEL(segmentMax, SegmentMaxArgs) {
  const int32_t *segments = INTS(a->segments);
  float *out = FLOATS(a->out);
  int32_t *where = (int32_t *)INTS(a->where);
  Range columns = share(a->width, 16, part, parts);
  for (uint32_t segment = 0; segment < a->count; segment++) {
    for (uint32_t j = columns.start; j < columns.end; j++) {
      out[(size_t)segment * a->width + j] = 0;
      where[(size_t)segment * a->width + j] = -1;
    }
  }
  for (uint32_t row = 0; row < a->rows; row++) {
    if (segments[row] < 0) continue;
    const float *x = FLOATS(a->x) + (size_t)row * a->width;
    float *best = out + (size_t)segments[row] * a->width;
    int32_t *bestRow = where + (size_t)segments[row] * a->width;
    for (uint32_t j = columns.start; j < columns.end; j++) {
      // The first NaN stays: nothing is above it.
      const int better = bestRow[j] < 0 || x[j] > best[j] || (x[j] != x[j] && best[j] == best[j]);
      best[j] = better ? x[j] : best[j];
      bestRow[j] = better ? (int32_t)row : bestRow[j];
    }
  }
}

KERNEL(segmentMaxBackward, SegmentMaxBackwardArgs) {
  const int32_t *where = INTS(a->where);
  const float *gradOut = FLOATS(a->gradOut);
  float *gradX = FLOATS(a->gradX);
  Range columns = share(a->width, 16, part, parts);
  for (uint32_t segment = 0; segment < a->count; segment++) {
    for (uint32_t j = columns.start; j < columns.end; j++) {
      const size_t place = (size_t)segment * a->width + j;
      if (where[place] >= 0) gradX[(size_t)where[place] * a->width + j] += gradOut[place];
    }
  }
}
