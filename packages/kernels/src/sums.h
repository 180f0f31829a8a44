// Sums in double, VL floats at a time.
#pragma once
#include "kernel.h"

INLINE vd widenLow(vf x) {
  float lanes[VL];
  store(lanes, x);
  return __builtin_convertvector(*(const halfUnaligned *)lanes, vd);
}

INLINE vd widenHigh(vf x) {
  float lanes[VL];
  store(lanes, x);
  return __builtin_convertvector(*(const halfUnaligned *)(lanes + VL / 2), vd);
}

INLINE double sumDoubles(vd v) {
  double sum = 0;
  for (int i = 0; i < VL / 2; i++) sum += v[i];
  return sum;
}

// The sum of x, or of its squares, in double.
INLINE double sumOf(const float *x, uint32_t count, int squares) {
  vd low = {0}, high = {0};
  for (uint32_t i = 0; i < count; i += VL) {
    vf v = loadPart(x + i, count - i, 0);
    vd a = widenLow(v), b = widenHigh(v);
    low += squares ? a * a : a;
    high += squares ? b * b : b;
  }
  return sumDoubles(low + high);
}
