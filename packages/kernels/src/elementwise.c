#include "activations.h"
#include "kernel.h"

enum { TANH, SIGMOID, RELU, EXP, LOG, GELU };

// 2 sqrt(2 / pi): GELU's tanh approximation is x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3).
#define GELU_SLOPE 1.5957691216f
#define GELU_CUBE 0.044715f

KERNEL(fill, FillArgs) {
  float *out = FLOATS(a->out);
  Range range = share(a->count, 16, part, parts);
  const vf value = splat((float)a->value);
  for (uint32_t i = range.start; i < range.end; i += VL) storePart(out + i, value, range.end - i);
}

INLINE vf applyUnary(uint32_t operation, vf x) {
  switch (operation) {
    case TANH: return tanhVector(x);
    case SIGMOID: return sigmoidVector(x);
    case RELU: return (vf)((vi)x & ~(x <= 0.0f));
    case EXP: return expVector(x);
    case GELU: return x * sigmoidVector(GELU_SLOPE * x * (1.0f + GELU_CUBE * x * x));
    default: return logVector(x);
  }
}

INLINE vf applyUnaryGradient(uint32_t operation, vf gradY, vf x, vf y) {
  switch (operation) {
    case TANH: return gradY * (1.0f - y * y);
    case SIGMOID: return gradY * y * (1.0f - y);
    case RELU: return (vf)((vi)gradY & ~(x <= 0.0f));
    case EXP: return gradY * y;
    case GELU: {
      // Farther out the slope is 0 or 1, and a square could overflow.
      const vf c = AT_LEAST(AT_MOST(x, splat(12.0f)), splat(-12.0f)), square = GELU_CUBE * c * c;
      const vf s = sigmoidVector(GELU_SLOPE * c * (1.0f + square));
      return gradY * (s + c * s * (1.0f - s) * (GELU_SLOPE * (1.0f + 3.0f * square)));
    }
    default: return gradY / x;
  }
}

// One loop for each operation: `operation` is a constant in it.
#define UNARY_LOOP(OPERATION)                                                  \
  case OPERATION:                                                              \
    for (uint32_t i = range.start; i < range.end; i += VL) {                   \
      const uint32_t lanes = range.end - i;                                    \
      storePart(out + i, applyUnary(OPERATION, loadPart(x + i, lanes, 1)), lanes); \
    }                                                                          \
    break;

KERNEL(unary, UnaryArgs) {
  float *out = FLOATS(a->out);
  const float *x = FLOATS(a->x);
  Range range = share(a->count, 16, part, parts);
  switch (a->operation) {
    UNARY_LOOP(TANH)
    UNARY_LOOP(SIGMOID)
    UNARY_LOOP(RELU)
    UNARY_LOOP(EXP)
    UNARY_LOOP(LOG)
    UNARY_LOOP(GELU)
  }
}

KERNEL(unaryBackward, UnaryBackwardArgs) {
  float *gradX = FLOATS(a->gradX);
  const float *gradY = FLOATS(a->gradY), *x = FLOATS(a->x), *y = FLOATS(a->y);
  Range range = share(a->count, 16, part, parts);
  for (uint32_t i = range.start; i < range.end; i += VL) {
    const uint32_t lanes = range.end - i;
    vf gradient = applyUnaryGradient(a->operation, loadPart(gradY + i, lanes, 0), loadPart(x + i, lanes, 1),
                                     loadPart(y + i, lanes, 0));
    if (a->accumulate) gradient += loadPart(gradX + i, lanes, 0);
    storePart(gradX + i, gradient, lanes);
  }
}
