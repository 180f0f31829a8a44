#include "softmax.h"

KERNEL(softmax, SoftmaxArgs) {
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const float *x = FLOATS(a->x) + (size_t)row * a->width;
    float *out = FLOATS(a->out) + (size_t)row * a->width;
    const LogSumExp sum = logSumExp(x, a->width);
    for (uint32_t j = 0; j < a->width; j += VL) {
      const uint32_t lanes = a->width - j;
      vf logProbability = loadPart(x + j, lanes, 0) - sum.largest - sum.logSum;
      storePart(out + j, a->log ? logProbability : expVector(logProbability), lanes);
    }
  }
}

KERNEL(softmaxBackward, SoftmaxBackwardArgs) {
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const size_t at = (size_t)row * a->width;
    float *gradX = FLOATS(a->gradX) + at;
    const float *gradY = FLOATS(a->gradY) + at, *y = FLOATS(a->y) + at;
    double total = 0;
    for (uint32_t block = 0; block < a->width; block += 64 * VL) {
      vf partial = {0};
      const uint32_t end = smaller(block + 64 * VL, a->width);
      for (uint32_t j = block; j < end; j += VL) {
        vf dy = loadPart(gradY + j, end - j, 0);
        partial += a->log ? dy : dy * loadPart(y + j, end - j, 0);
      }
      total += sumLanes(partial);
    }
    const vf sum = splat((float)total);
    for (uint32_t j = 0; j < a->width; j += VL) {
      const uint32_t lanes = a->width - j;
      vf dy = loadPart(gradY + j, lanes, 0), value = loadPart(y + j, lanes, 0);
      vf gradient = a->log ? dy - expVector(value) * sum : value * (dy - sum);
      if (a->accumulate) gradient += loadPart(gradX + j, lanes, 0);
      storePart(gradX + j, gradient, lanes);
    }
  }
}
