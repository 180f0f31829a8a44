// Pieces of softmax over one row: exp never overflows, because the largest element is taken off first.
#pragma once
#include "activations.h"
#include "kernel.h"

typedef struct {
  float largest, logSum;  // log sum exp(x) = largest + logSum
} LogSumExp;

INLINE float largestOf(const float *x, uint32_t count) {
  const float nothing = -__builtin_inff();
  vf largest = splat(nothing);
  for (uint32_t j = 0; j < count; j += VL) {
    vf v = loadPart(x + j, count - j, nothing);
    largest = SELECT(v > largest, v, largest);
  }
  return largestLane(largest);
}

// exp(x - offset) of a row's lanes, 0 past its end.
INLINE vf expPart(const float *x, uint32_t lanes, float offset) {
  return expVector(loadPart(x, lanes, -__builtin_inff()) - splat(offset));
}

static LogSumExp logSumExp(const float *x, uint32_t count) {
  const float largest = largestOf(x, count);
  // Short sums of floats, gathered in double.
  double sum = 0;
  for (uint32_t block = 0; block < count; block += 64 * VL) {
    vf partial = {0};
    const uint32_t end = smaller(block + 64 * VL, count);
    for (uint32_t j = block; j < end; j += VL) partial += firstLanes(expPart(x + j, end - j, largest), end - j);
    sum += sumLanes(partial);
  }
  return (LogSumExp){largest, logVector(splat((float)sum))[0]};
}
