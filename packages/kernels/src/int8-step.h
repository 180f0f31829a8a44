// What one time step on int8 weights has in common for all cells: pre-activations of a row, gate after gate, each padded to
// whole vectors. (A step's few rows stay in the first cache: nothing to gain from interleaved gates.)
#pragma once
#include "int8.h"

// to [rows, `gates` gates] = bias [gates * hiddenSize], or 0 where that is absent.
ONCE void startGates(float *to, uint32_t stride, uint32_t rows, const float *bias, uint32_t gates, uint32_t hiddenSize) {
  const uint32_t units = paddedUnits(hiddenSize);
  for (uint32_t row = 0; row < rows; row++) {
    zeroFloats(to + (size_t)row * stride, gates * units);
    for (uint32_t gate = 0; bias && gate < gates; gate++) {
      copyFloats(to + (size_t)row * stride + gate * units, bias + (size_t)gate * hiddenSize, hiddenSize);
    }
  }
}

// gates [rows, gates first .. first + count - 1] += x W^T
ONCE void addGatesInt8(float *gates, uint32_t stride, const float *x, uint32_t xStride, uint32_t rows, uint32_t inputs,
                         const int8_t *panels, const float *scales, uint32_t first, uint32_t count, uint32_t hiddenSize) {
  const uint32_t units = paddedUnits(hiddenSize);
  Activations rounded;
  for (uint32_t k = 0; k < inputs; k += BLOCK) {
    roundActivations(&rounded, x, xStride, rows, inputs, k);
    for (uint32_t gate = 0; gate < count; gate++) {
      addProductInt8(gates + gate * units, stride, &rounded, panels + (first + gate) * gateBytes(hiddenSize, inputs),
                     scales + (size_t)(first + gate) * units, hiddenSize, inputs);
    }
  }
}
