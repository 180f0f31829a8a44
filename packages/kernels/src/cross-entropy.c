#include "softmax.h"

INLINE double weightOf(const float *weights, uint32_t j) { return weights ? weights[j] : 1; }

// A class of weight 0 costs nothing, not even where it is impossible (-Infinity).
INLINE double cost(const float *x, LogSumExp sum, const float *weights, uint32_t j) {
  const double weight = weightOf(weights, j);
  return weight == 0 ? 0 : weight * ((double)sum.largest - x[j] + (double)sum.logSum);
}

// (1-s) * -log p_target + s/V * sum of -log p. Only with smoothing does an impossible class other than the target cost anything.
static double rowLoss(const float *x, uint32_t classes, LogSumExp sum, uint32_t target, const float *weights,
                      double smoothing) {
  double loss = (1 - smoothing) * cost(x, sum, weights, target);
  if (smoothing != 0) {
    double total = 0;
    for (uint32_t j = 0; j < classes; j++) total += cost(x, sum, weights, j);
    loss += smoothing / classes * total;
  }
  return loss;
}

INLINE vf probabilities(vf x, LogSumExp sum) { return expVector(x - splat(sum.largest) - splat(sum.logSum)); }

typedef struct {
  double loss, counted;
} Loss;

static Loss lossOfRows(char *heap, const CrossEntropyArgs *a, uint32_t row, uint32_t end) {
  const int32_t *targets = INTS(a->targets);
  const float *weights = FLOATS_OR_NULL(a->weights);
  LogSumExp *logNormalizer = (LogSumExp *)FLOATS(a->logNormalizer);
  Loss total = {0, 0};
  for (; row < end; row++) {
    logNormalizer[row] = (LogSumExp){0, 0};
    if (targets[row] == (int32_t)a->ignoreIndex) continue;
    const float *x = FLOATS(a->logits) + (size_t)row * a->classes;
    const LogSumExp sum = logSumExp(x, a->classes);
    logNormalizer[row] = sum;
    total.loss += rowLoss(x, a->classes, sum, (uint32_t)targets[row], weights, a->labelSmoothing);
    total.counted += weightOf(weights, (uint32_t)targets[row]);
  }
  return total;
}

// Parts have blocks of rows, the same for any number of parts; the rest adds their losses in order.
KERNEL(crossEntropy, CrossEntropyArgs) {
  Loss *found = (Loss *)SHARED;
  const uint32_t size = divideUp(a->rows, SHARED_DOUBLES / 2), blocks = size ? divideUp(a->rows, size) : 0;
  if (part < parts) {
    Range range = share(blocks, 1, part, parts);
    for (uint32_t block = range.start; block < range.end; block++) {
      found[block] = lossOfRows(heap, a, block * size, smaller(a->rows, (block + 1) * size));
    }
    return;
  }
  double loss = 0, counted = 0;
  for (uint32_t block = 0; block < blocks; block++) {
    loss += found[block].loss;
    counted += found[block].counted;
  }
  *FLOATS(a->loss) = (float)(a->mean && counted > 0 ? loss / counted : loss);
  *FLOATS(a->counted) = (float)counted;
}

KERNEL(crossEntropyBackward, CrossEntropyBackwardArgs) {
  const int32_t *targets = INTS(a->targets);
  const float *weights = FLOATS_OR_NULL(a->weights);
  const LogSumExp *logNormalizer = (LogSumExp *)FLOATS(a->logNormalizer);
  const double gradLoss = *FLOATS(a->gradLoss);
  const float counted = *FLOATS(a->counted);
  const float scale = (float)(a->mean && counted > 0 ? gradLoss / counted : gradLoss);
  const double spread = a->labelSmoothing / a->classes;
  const vf shared = splat((float)spread);
  double total = a->classes;
  if (weights) {
    total = 0;
    for (uint32_t j = 0; j < a->classes; j++) total += weights[j];
  }
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const float *x = FLOATS(a->logits) + (size_t)row * a->classes;
    float *gradX = FLOATS(a->gradLogits) + (size_t)row * a->classes;
    const uint32_t target = (uint32_t)targets[row];
    // What the row's probabilities are multiplied with: 1 without weights.
    double whole = 0;
    if (target != a->ignoreIndex) whole = weights ? (1 - a->labelSmoothing) * weights[target] + spread * total : 1;
    if (whole == 0) {
      if (!a->accumulate) zeroFloats(gradX, a->classes);
      continue;
    }
    // Taken off one after the other: their sum, rounded, would lose the log of the sum beside large logits.
    const LogSumExp sum = logNormalizer[row];
    const float targetBefore = a->accumulate ? gradX[target] : 0;
    for (uint32_t j = 0; j < a->classes; j += VL) {
      const uint32_t lanes = a->classes - j;
      const vf wanted = weights ? shared * loadPart(weights + j, lanes, 0) : shared;
      vf gradient = scale * (probabilities(loadPart(x + j, lanes, 0), sum) * (float)whole - wanted);
      if (a->accumulate) gradient += loadPart(gradX + j, lanes, 0);
      storePart(gradX + j, gradient, lanes);
    }
    // Again for the target: p - (1-s) - s/V, rounded once where it matters, as p nears 1.
    const float p = probabilities(splat(x[target]), sum)[0];
    const double wanted = (1 - a->labelSmoothing + spread) * weightOf(weights, target);
    gradX[target] = (float)(targetBefore + (double)scale * (p * whole - wanted));
  }
}
