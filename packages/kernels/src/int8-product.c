#include "int8.h"

ONCE float roundRow(int16_t *to, const float *x, uint32_t count) {
  // As whole numbers the bits of magnitudes are in the order of the magnitudes, and NaN comes last.
  vi most = {0};
  for (uint32_t j = 0; j < count; j += VL) {
    vi bits = (vi)magnitude(loadPart(x + j, count - j, 0)), more = bits > most;
    most = (bits & more) | (most & ~more);
  }
  union {
    int32_t bits;
    float value;
  } largest = {0};
  for (int i = 0; i < VL; i++) largest.bits = most[i] > largest.bits ? most[i] : largest.bits;
  const int finite = largest.bits < 0x7f800000, some = largest.value >= 0x1p-100f;
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
  const vf inverse = splat(finite && some ? 32767.0f / largest.value : 0), shifter = splat(0x1.8p23f);
  typedef int16_t half __attribute__((vector_size(2 * VL), aligned(2), may_alias));
  for (uint32_t j = 0; j < count; j += VL) {
    vi rounded = (vi)(loadPart(x + j, count - j, 0) * inverse + shifter) - 0x4b400000;
    *(half *)(to + j) = __builtin_convertvector(rounded, half);
  }
  // What is not finite makes all outputs NaN.
  return !finite ? __builtin_nanf("") : some ? largest.value / 32767.0f : 0;
}

ONCE void roundActivations(Activations *to, const float *x, uint32_t xStride, uint32_t rows, uint32_t inputs,
                             uint32_t first) {
  const uint32_t count = smaller(BLOCK, inputs - first);
  to->rows = rows;
  to->first = first;
  to->pairs = divideUp(count, 2);
  for (uint32_t row = 0; row < rows; row++) {
    to->scales[row] = roundRow(to->values[row], x + (size_t)row * xStride + first, count);
  }
}

// With two rows a weight is turned into 16 bits once for both.
#define ROWS 1
#define VECTORS 1
#include "int8-tile.h"
#define ROWS 1
#define VECTORS 2
#include "int8-tile.h"
#define ROWS 1
#define VECTORS 4
#include "int8-tile.h"
#define ROWS 1
#define VECTORS 8
#include "int8-tile.h"
#define ROWS 2
#define VECTORS 1
#include "int8-tile.h"
#define ROWS 2
#define VECTORS 2
#include "int8-tile.h"
#define ROWS 2
#define VECTORS 4
#include "int8-tile.h"

#define TILE_INT8(shape) int8Tile##shape(c, cStride, x, panel, stripBytes, scales)

ONCE void addProductInt8(float *c, uint32_t cStride, const Activations *x, const int8_t *panels, const float *scales,
                           uint32_t units, uint32_t inputs) {
  const uint32_t pairsOfAll = divideUp(inputs, 2);
  for (uint32_t left = divideUp(units, VL); left;) {
    const uint32_t strip = smaller(STRIP, left), stripBytes = strip * PAIR_BYTES;
    const int8_t *panel = panels + (size_t)(x->first / 2) * stripBytes;
    for (uint32_t rest = strip; rest;) {
      uint32_t vectors = rest >= 8 && x->rows == 1 ? 8 : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;
      switch (vectors) {
        case 8: TILE_INT8(1x8); break;
        case 4: x->rows == 1 ? TILE_INT8(1x4) : TILE_INT8(2x4); break;
        case 2: x->rows == 1 ? TILE_INT8(1x2) : TILE_INT8(2x2); break;
        case 1: x->rows == 1 ? TILE_INT8(1x1) : TILE_INT8(2x1); break;
      }
      rest -= vectors;
      panel += vectors * PAIR_BYTES;
      c += vectors * VL;
      scales += vectors * VL;
    }
    panels += (size_t)pairsOfAll * stripBytes;
    left -= strip;
  }
}
