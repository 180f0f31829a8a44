// What the two directions of cellForward and cellBackward share: the kinds of recurrences, and where their gates lie. The formulas are
// in signatures.ts and in the reference kernels. These are products and a pointwise function each; tiles are for the plain cells.
#pragma once
#include "activations.h"
#include "layer-norm.h"
#include "recurrence.h"

enum { TANH_CELL, RELU_CELL, LSTM_CELL, COUPLED_CELL, GRU_CELL, MINGRU_CELL, MINLSTM_CELL };

INLINE uint32_t gatesOf(uint32_t kind) {
  return kind <= RELU_CELL ? 1 : kind == LSTM_CELL ? 4 : kind == MINGRU_CELL ? 2 : 3;
}
INLINE int hasCell(uint32_t kind) { return kind == LSTM_CELL || kind == COUPLED_CELL; }

// Where gate 0 of unit j (a multiple of VL) lies in a slab row; the unit's other gates follow, `unitBlock` apart.
INLINE size_t gateColumn(uint32_t j, uint32_t gates) {
  const uint32_t units = unitBlock(gates);
  return (size_t)(j / units) * gates * units + j % units;
}

// Every vector of a row of H units: j, and how many of the lanes from there on are real.
#define FOR_UNITS(H) for (uint32_t j = 0, lanes = (H); j < (H); j += VL, lanes = (H) - j)

INLINE vf maskPart(const float *mask, uint32_t j, uint32_t lanes) {
  return mask ? loadPart(mask + j, lanes, 0) : splat(1);
}

// A row of a matrix that may be absent.
INLINE float *rowOf(float *matrix, size_t row, uint32_t width) { return matrix ? matrix + row * width : 0; }

// A vector of a parameter that may be absent.
INLINE vf parameterPart(const float *p, uint32_t j, uint32_t lanes, float absent) {
  return p ? loadPart(p + j, lanes, 0) : splat(absent);
}

// A minLSTM's forget gate as a share of both; what is added keeps 0 / 0 away.
#define LEAST 0x1p-100f
