// exp, log, tanh and sigmoid of VL floats, within a few units in the last place: sweep.js measures the bound over all floats.
#pragma once
#include "vector.h"

// exp(x) = 2^n (1 + growth), with n the nearest whole number to x / ln 2 and growth = exp(x - n ln 2) - 1.
typedef struct {
  vf growth;
  vi shiftedPower;  // n in the exponent's place
} Exponential;

INLINE Exponential exponential(vf x) {
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
  const vf shifter = splat(0x1.8p23f);
  vf shifted = FMA(x, splat(0x1.715476p0f), shifter);
  vf n = shifted - shifter;
  // ln 2 in two parts, the first with so few bits that n times it is exact.
  vf r = FMA(n, splat(-0.693359375f), x);
  r = FMA(n, splat(2.12194440e-4f), r);
  // exp(r) - 1 = r + r^2 q(r), q fitted for the least relative error of exp(r) on |r| <= ln(2)/2: 2^-28.
  vf q = splat(0x1.6a3d16p-10f);
  q = FMA(q, r, splat(0x1.123858p-7f));
  q = FMA(q, r, splat(0x1.5558bep-5f));
  q = FMA(q, r, splat(0x1.555494p-3f));
  q = FMA(q, r, splat(0x1.fffffcp-2f));
  return (Exponential){FMA(r * r, q, r), (vi)shifted << 23};
}

// 2^n as a float, for n from -126 to 127.
INLINE vf power(Exponential e) { return (vf)(e.shiftedPower + 0x3f800000); }

// exp(x); results below 2^-126 are 0.
INLINE vf expVector(vf x) {
  const vf smallest = splat(-0x1.5d589ep6f), largest = splat(0x1.62e42ep6f);
  Exponential e = exponential(x);
  // Adding n to the exponent of 1 + growth reaches the whole range, where a factor 2^n would not.
  vf result = (vf)((vi)(1.0f + e.growth) + e.shiftedPower);
  // Beyond the range: x * 2^127 is infinity, or NaN for NaN.
  result = SELECT(x <= largest, result, x * 0x1p127f);
  return (vf)((vi)result & ~(x < smallest));
}

// 1 / (1 + exp(-x)); results below 2^-126 are 0.
INLINE vf sigmoidVector(vf x) {
  const vf smallest = splat(-0x1.5d589ep6f);
  vf y = AT_LEAST(AT_MOST(-x, splat(88.0f)), splat(-87.0f));
  Exponential e = exponential(y);
  vf scale = power(e);
  vf result = 1.0f / (1.0f + FMA(e.growth, scale, scale));
  return (vf)((vi)result & ~(x < smallest));
}

// tanh(x) = (exp(2x) - 1) / (exp(2x) - 1 + 2), exact in relative terms near 0 because growth is.
INLINE vf tanhVector(vf x) {
  vf y = AT_LEAST(AT_MOST(x + x, splat(20.0f)), splat(-20.0f));
  Exponential e = exponential(y);
  vf scale = power(e);
  vf minusOne = FMA(e.growth, scale, scale - 1.0f);
  return minusOne / (minusOne + 2.0f);
}

// log(x): x = 2^n (1 + r) with 1 + r between sqrt(1/2) and sqrt(2); the polynomial is Cephes' logf (Moshier).
INLINE vf logVector(vf x) {
  vi tiny = x < splat(0x1p-126f);
  vf scaled = SELECT(tiny, x * 0x1p23f, x);
  vi bits = (vi)scaled - 0x3f3504f3;
  vi n = (bits >> 23) - (tiny & 23);
  vf r = (vf)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
  vf exponent = __builtin_convertvector(n, vf);
  vf p = splat(7.0376836292e-2f);
  p = FMA(p, r, splat(-1.1514610310e-1f));
  p = FMA(p, r, splat(1.1676998740e-1f));
  p = FMA(p, r, splat(-1.2420140846e-1f));
  p = FMA(p, r, splat(1.4249322787e-1f));
  p = FMA(p, r, splat(-1.6668057665e-1f));
  p = FMA(p, r, splat(2.0000714765e-1f));
  p = FMA(p, r, splat(-2.4999993993e-1f));
  p = FMA(p, r, splat(3.3333331174e-1f));
  vf square = r * r;
  vf result = FMA(exponent, splat(-2.12194440e-4f), p * r * square);
  result = FMA(square, splat(-0.5f), result) + r;
  result = FMA(exponent, splat(0.693359375f), result);
  // 0 gives -infinity, below 0 and NaN give NaN, infinity stays.
  result = SELECT(x > 0.0f, result, SELECT(x == 0.0f, splat(-__builtin_inff()), splat(__builtin_nanf(""))));
  return SELECT(x == splat(__builtin_inff()), x, result);
}
