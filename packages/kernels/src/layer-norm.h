// Layer normalisation of one row (Ba, Kiros & Hinton 2016): its own mean and variance, in double.
#pragma once
#include "gate-layout.h"
#include "sums.h"

// How a row lies: `width` floats, of which n count; the others are a gate slab's padding, always zero.
typedef struct {
  uint32_t width, n, gates, hiddenSize;
} NormRow;

INLINE NormRow normRow(uint32_t gates, uint32_t width) {
  return gates ? (NormRow){slabWidth(gates, width), gates * width, gates, width} : (NormRow){width, width, 0, width};
}

// Zeroes a slab row's padding, which a row-wide operation has written to.
COMPACT void zeroPadding(float *row, NormRow r) {
  if (r.width == r.n) return;
  const uint32_t units = unitBlock(r.gates), block = unitBlocks(r.gates, r.hiddenSize) - 1;
  for (uint32_t gate = 0; gate < r.gates; gate++) {
    GateRun run = gateRun(r.gates, r.hiddenSize, block, gate);
    zeroFloats(row + run.column + run.count, units - run.count);
  }
}

// Sums of x * y and of x, or of y's squares and of y where x is absent: in double, two at a time.
typedef struct {
  double product, plain;
} Sums;

COMPACT Sums rowSums(const float *x, const float *gain, const float *y, uint32_t width) {
  vd products = {0}, plain = {0};
  for (uint32_t j = 0; j < width; j += VL) {
    const uint32_t lanes = width - j;
    vf b = loadPart(y + j, lanes, 0), a = x ? loadPart(x + j, lanes, 0) : b;
    if (gain) a *= loadPart(gain + j, lanes, 0);
    vd low = widenLow(a), high = widenHigh(a);
    products += low * widenLow(b) + high * widenHigh(b);
    plain += low + high;
  }
  return (Sums){sumDoubles(products), sumDoubles(plain)};
}

// (x - mean) * scale to `normalized`, which may be x; returns the scale.
COMPACT float normalize(float *normalized, const float *x, NormRow r, double epsilon) {
  const Sums sums = rowSums(0, 0, x, r.width);
  const double mean = sums.plain / r.n, variance = sums.product / r.n - mean * mean;
  // Not "smaller than 0": NaN stays.
  const float scale = (float)(1 / __builtin_sqrt((variance <= 0 ? 0 : variance) + epsilon));
  for (uint32_t j = 0; j < r.width; j += VL) {
    const uint32_t lanes = r.width - j;
    storePart(normalized + j, (loadPart(x + j, lanes, 0) - splat((float)mean)) * splat(scale), lanes);
  }
  zeroPadding(normalized, r);
  return scale;
}

// From g = gain * gradY to gradX, and normalized to gradY * normalized; gradX may be gradY.
COMPACT void normalizeBackward(float *gradX, const float *gradY, float *normalized, const float *gain, float scale, NormRow r,
                            int accumulate) {
  const Sums sums = rowSums(gradY, gain, normalized, r.width);
  const vf mean = splat((float)(sums.plain / r.n)), along = splat((float)(sums.product / r.n));
  for (uint32_t j = 0; j < r.width; j += VL) {
    const uint32_t lanes = r.width - j;
    vf dy = loadPart(gradY + j, lanes, 0), value = loadPart(normalized + j, lanes, 0);
    vf g = gain ? dy * loadPart(gain + j, lanes, 0) : dy;
    vf dx = splat(scale) * (g - mean - value * along);
    if (accumulate) dx += loadPart(gradX + j, lanes, 0);
    storePart(normalized + j, dy * value, lanes);
    storePart(gradX + j, dx, lanes);
  }
  zeroPadding(gradX, r);
}
