// Weights of 8 bits, for streams: a quarter of the bytes to read at each step, which is what a step takes its time for.
//
// A weight is scale[output] * w, w a whole number from -127 to 127. The vector that it is multiplied with is rounded to whole
// numbers of 16 bits, with one scale for every BLOCK of them: next to the weights' rounding that is nothing, and the sums
// are then exact, whatever their order, on every instruction set, and twice as fast as with weights turned into floats.
//
// Panels: for each gate on its own the outputs in strips of STRIP vectors (the last as narrow as it comes), for each strip
// the inputs in pairs, for each pair the outputs with their two weights side by side:
//
//   strip 0: [output 0: w0 w1] [output 1: w0 w1] ...    [output 0: w2 w3] [output 1: w2 w3] ...
#pragma once
#include "kernel.h"

#define STRIP 8
#define PAIR_BYTES (2 * VL)
// 512 * 127 * 32767 < 2^31: as many products fit into 32 bits.
#define BLOCK 512

INLINE uint32_t paddedUnits(uint32_t units) { return divideUp(units, VL) * VL; }
INLINE size_t gateBytes(uint32_t units, uint32_t inputs) { return (size_t)paddedUnits(units) * 2 * divideUp(inputs, 2); }

// Up to two rows of activations, a block at a time.
#define ROWS_TOGETHER 2
typedef struct {
  int16_t values[ROWS_TOGETHER][BLOCK + VL];
  float scales[ROWS_TOGETHER];
  uint32_t rows, first, pairs;  // which inputs: from `first` on, `pairs` pairs
} Activations;

// Rounds inputs first .. first + BLOCK - 1 of some rows of x to 16 bits.
static void roundActivations(Activations *to, const float *x, uint32_t xStride, uint32_t rows, uint32_t inputs,
                             uint32_t first);

// c (+)= the activations times one gate's panels: `units` outputs, whole vectors written. scales: of those outputs.
static void addProductInt8(float *c, uint32_t cStride, const Activations *x, const int8_t *panels, const float *scales,
                           uint32_t units, uint32_t inputs);
