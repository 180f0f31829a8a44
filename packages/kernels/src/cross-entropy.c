#include "softmax.h"

// (1-s) * -log p_target + s/V * sum of -log p. Only with smoothing does an impossible class (-Infinity) cost anything.
static double rowLoss(const float *x, uint32_t classes, LogSumExp sum, uint32_t target, double smoothing) {
  const double logSum = sum.logSum;
  double loss = (1 - smoothing) * ((double)sum.largest - x[target] + logSum);
  if (smoothing != 0) {
    double total = 0;
    for (uint32_t j = 0; j < classes; j++) total += (double)sum.largest - x[j] + logSum;
    loss += smoothing / classes * total;
  }
  return loss;
}

// One part does it all: the loss is one sum over the rows in order.
KERNEL(crossEntropy, CrossEntropyArgs) {
  if (part) return;
  const int32_t *targets = INTS(a->targets);
  float *logNormalizer = FLOATS(a->logNormalizer);
  double loss = 0;
  uint32_t counted = 0;
  for (uint32_t row = 0; row < a->rows; row++) {
    logNormalizer[row] = 0;
    if (targets[row] == (int32_t)a->ignoreIndex) continue;
    const float *x = FLOATS(a->logits) + (size_t)row * a->classes;
    const LogSumExp sum = logSumExp(x, a->classes);
    logNormalizer[row] = sum.largest + sum.logSum;
    loss += rowLoss(x, a->classes, sum, (uint32_t)targets[row], a->labelSmoothing);
    counted++;
  }
  *FLOATS(a->loss) = (float)(a->mean && counted ? loss / counted : loss);
  *FLOATS(a->counted) = (float)counted;
}

KERNEL(crossEntropyBackward, CrossEntropyBackwardArgs) {
  const int32_t *targets = INTS(a->targets);
  const float *logNormalizer = FLOATS(a->logNormalizer);
  const double gradLoss = *FLOATS(a->gradLoss);
  const float scale = (float)(a->mean ? gradLoss / *FLOATS(a->counted) : gradLoss);
  const vf shared = splat((float)(a->labelSmoothing / a->classes));
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const float *x = FLOATS(a->logits) + (size_t)row * a->classes;
    float *gradX = FLOATS(a->gradLogits) + (size_t)row * a->classes;
    const uint32_t target = (uint32_t)targets[row];
    if (target == a->ignoreIndex) {
      if (!a->accumulate) zeroFloats(gradX, a->classes);
      continue;
    }
    const float targetBefore = a->accumulate ? gradX[target] : 0;
    for (uint32_t j = 0; j < a->classes; j += VL) {
      const uint32_t lanes = a->classes - j;
      vf gradient = scale * (expPart(x + j, lanes, logNormalizer[row]) - shared);
      if (a->accumulate) gradient += loadPart(gradX + j, lanes, 0);
      storePart(gradX + j, gradient, lanes);
    }
    // Again for the target: p - (1-s) - s/V, rounded once where it matters, as p nears 1.
    const float p = expVector(splat(x[target] - logNormalizer[row]))[0];
    const double wanted = 1 - a->labelSmoothing + a->labelSmoothing / a->classes;
    gradX[target] = (float)(targetBefore + (double)scale * (p - wanted));
  }
}
