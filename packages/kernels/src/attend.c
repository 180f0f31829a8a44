// Rows that look at the memories of a batch: see attendForward in signatures.ts for the letters.
#include "softmax.h"

// Sum over j of x[j] y[j] or, with a vector, of vector[j] tanh(x[j] + y[j]).
ONCE float scoreOf(const float *x, const float *y, const float *vector, uint32_t count) {
  vf sum = {0};
  for (uint32_t j = 0; j < count; j += VL) {
    const uint32_t lanes = count - j;
    const vf left = loadPart(x + j, lanes, 0), right = loadPart(y + j, lanes, 0);
    sum = vector ? FMA(loadPart(vector + j, lanes, 0), tanhVector(left + right), sum) : FMA(left, right, sum);
  }
  return (float)sumLanes(sum);
}

// to += factor * x
ONCE void addScaled(float *to, const float *x, float factor, uint32_t count) {
  for (uint32_t j = 0; j < count; j += VL) {
    const uint32_t lanes = count - j;
    storePart(to + j, FMA(splat(factor), loadPart(x + j, lanes, 0), loadPart(to + j, lanes, 0)), lanes);
  }
}

KERNEL(attendForward, AttendForwardArgs) {
  const int32_t *owners = INTS(a->owners), *lengths = INTS(a->lengths);
  const float *vector = FLOATS_OR_NULL(a->vector);
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const int32_t b = owners[row];
    const uint32_t length = b < 0 ? 0 : (uint32_t)lengths[b];
    const float *query = FLOATS(a->query) + (size_t)row * a->keySize;
    float *weights = FLOATS(a->weights) + (size_t)row * a->steps;
    float *context = FLOATS(a->context) + (size_t)row * a->valueSize;
    zeroFloats(weights + length, a->steps - length);
    zeroFloats(context, a->valueSize);
    if (!length) continue;
    for (uint32_t s = 0; s < length; s++) {
      weights[s] = scoreOf(query, FLOATS(a->keys) + ((size_t)s * a->batch + b) * a->keySize, vector, a->keySize);
    }
    const LogSumExp sum = logSumExp(weights, length);
    for (uint32_t s = 0; s < length; s += VL) {
      storePart(weights + s, expVector(loadPart(weights + s, length - s, 0) - sum.largest - sum.logSum), length - s);
    }
    for (uint32_t s = 0; s < length; s++) {
      addScaled(context, FLOATS(a->values) + ((size_t)s * a->batch + b) * a->valueSize, weights[s], a->valueSize);
    }
  }
}

// A part has whole memories, so that the rows that look at one are added up in order.
KERNEL(attendBackward, AttendBackwardArgs) {
  const int32_t *owners = INTS(a->owners), *lengths = INTS(a->lengths);
  const float *vector = FLOATS_OR_NULL(a->vector);
  const uint32_t A = a->keySize;
  Range memories = share(a->batch, 1, part, parts);
  for (uint32_t row = 0; row < a->rows; row++) {
    const int32_t b = owners[row];
    if (b < (int32_t)memories.start || b >= (int32_t)memories.end) continue;
    const uint32_t length = (uint32_t)lengths[b];
    const float *query = FLOATS(a->query) + (size_t)row * A, *weights = FLOATS(a->weights) + (size_t)row * a->steps;
    const float *gradContext = FLOATS(a->gradContext) + (size_t)row * a->valueSize;
    float *gradQuery = FLOATS(a->gradQuery) + (size_t)row * A, *scores = FLOATS(a->scores) + (size_t)row * a->steps;
    double total = 0;
    for (uint32_t s = 0; s < length; s++) {
      const size_t at = ((size_t)s * a->batch + b) * a->valueSize;
      scores[s] = scoreOf(gradContext, FLOATS(a->values) + at, 0, a->valueSize);
      total += (double)weights[s] * scores[s];
      addScaled(FLOATS(a->gradValues) + at, gradContext, weights[s], a->valueSize);
    }
    for (uint32_t s = 0; s < length; s++) {
      const size_t at = ((size_t)s * a->batch + b) * A;
      const float *keys = FLOATS(a->keys) + at;
      float *gradKeys = FLOATS(a->gradKeys) + at;
      const float gradient = scores[s] = weights[s] * (scores[s] - (float)total);
      if (!vector) {
        addScaled(gradQuery, keys, gradient, A);
        addScaled(gradKeys, query, gradient, A);
        continue;
      }
      float *gradVector = FLOATS(a->gradVector) + (size_t)b * A;
      for (uint32_t j = 0; j < A; j += VL) {
        const uint32_t lanes = A - j;
        const vf y = tanhVector(loadPart(query + j, lanes, 0) + loadPart(keys + j, lanes, 0));
        const vf inner = splat(gradient) * loadPart(vector + j, lanes, 0) * (1.0f - y * y);
        storePart(gradQuery + j, loadPart(gradQuery + j, lanes, 0) + inner, lanes);
        storePart(gradKeys + j, loadPart(gradKeys + j, lanes, 0) + inner, lanes);
        storePart(gradVector + j, FMA(splat(gradient), y, loadPart(gradVector + j, lanes, 0)), lanes);
      }
    }
  }
}
