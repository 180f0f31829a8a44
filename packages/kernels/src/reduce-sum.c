#include "sums.h"

// Nothing to sum and nothing to scale: a copy.
static void addDense(float *out, const float *x, uint32_t count, int accumulate) {
  for (uint32_t i = 0; i < count; i += VL) {
    const uint32_t lanes = count - i;
    storePart(out + i, loadPart(x + i, lanes, 0) + (accumulate ? loadPart(out + i, lanes, 0) : splat(0)), lanes);
  }
}

KERNEL(reduceSum, ReduceSumArgs) {
  // Columns of the output in vectors; where there is one column, the reduced axis itself.
  const int byRows = a->outer >= parts;
  Range outer = byRows ? share(a->outer, 1, part, parts) : (Range){0, a->outer};
  Range inner = byRows ? (Range){0, a->inner} : share(a->inner, 16, part, parts);
  if (inner.start == inner.end) return;
  for (uint32_t o = outer.start; o < outer.end; o++) {
    const float *x = FLOATS(a->x) + (size_t)o * a->reduced * a->inner;
    float *out = FLOATS(a->out) + (size_t)o * a->inner;
    if (a->reduced == 1 && a->scale == 1) {
      addDense(out + inner.start, x + inner.start, inner.end - inner.start, a->accumulate);
      continue;
    }
    if (a->inner == 1) {
      *out = (float)((a->accumulate ? *out : 0) + a->scale * sumOf(x, a->reduced, 0));
      continue;
    }
    for (uint32_t i = inner.start; i < inner.end; i += VL) {
      const uint32_t lanes = smaller(inner.end - i, VL);
      vd low = {0}, high = {0};
      for (uint32_t r = 0; r < a->reduced; r++) {
        vf v = loadPart(x + (size_t)r * a->inner + i, lanes, 0);
        low += widenLow(v);
        high += widenHigh(v);
      }
      for (uint32_t lane = 0; lane < lanes; lane++) {
        const double sum = lane < VL / 2 ? low[lane] : high[lane - VL / 2];
        out[i + lane] = (float)((a->accumulate ? out[i + lane] : 0) + a->scale * sum);
      }
    }
  }
}
