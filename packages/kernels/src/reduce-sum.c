#include "sums.h"

KERNEL(reduceSum, ReduceSumArgs) {
  // Columns of the output in vectors; where there is one column, the reduced axis itself.
  Range outer = share(a->outer, 1, part, parts);
  for (uint32_t o = outer.start; o < outer.end; o++) {
    const float *x = FLOATS(a->x) + (size_t)o * a->reduced * a->inner;
    float *out = FLOATS(a->out) + (size_t)o * a->inner;
    if (a->inner == 1) {
      *out = (float)((a->accumulate ? *out : 0) + a->scale * sumOf(x, a->reduced, 0));
      continue;
    }
    for (uint32_t i = 0; i < a->inner; i += VL) {
      const uint32_t lanes = smaller(a->inner - i, VL);
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
