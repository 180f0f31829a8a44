#include "int8.h"

// C [m, n] = A [m, k] W^T (+ bias): the columns of one strip, whose last vector may end beyond C.
static void multiplyStrip(const GemmInt8Args *a, float *c, uint32_t columns, const Activations *x, const int8_t *panels,
                          const float *scales) {
  if (columns % VL == 0) {
    addProductInt8(c, a->cStride, x, panels, scales, columns, a->k);
    return;
  }
  float whole[ROWS_TOGETHER][STRIP * VL];
  for (uint32_t i = 0; i < x->rows; i++) {
    for (uint32_t j = 0; j < STRIP * VL; j++) whole[i][j] = j < columns ? c[(size_t)i * a->cStride + j] : 0;
  }
  addProductInt8(whole[0], STRIP * VL, x, panels, scales, columns, a->k);
  for (uint32_t i = 0; i < x->rows; i++) copyFloats(c + (size_t)i * a->cStride, whole[i], columns);
}

KERNEL(gemmInt8, GemmInt8Args) {
  const uint32_t strip = STRIP * VL, pairs = divideUp(a->k, 2);
  // Whole strips to each part, or rows where there are more of those.
  const int byRows = a->m >= a->n;
  Range rows = byRows ? share(a->m, 1, part, parts) : (Range){0, a->m};
  Range columns = byRows ? (Range){0, a->n} : share(a->n, strip, part, parts);
  const float *bias = FLOATS_OR_NULL(a->bias);
  for (uint32_t row = rows.start; row < rows.end; row += ROWS_TOGETHER) {
    const uint32_t together = smaller(ROWS_TOGETHER, rows.end - row), width = columns.end - columns.start;
    float *c = FLOATS(a->c) + (size_t)row * a->cStride;
    for (uint32_t i = 0; i < together; i++) {
      float *to = c + (size_t)i * a->cStride + columns.start;
      if (bias) copyFloats(to, bias + columns.start, width);
      else zeroFloats(to, width);
    }
    Activations x;
    for (uint32_t k = 0; k < a->k; k += BLOCK) {
      roundActivations(&x, FLOATS(a->a) + (size_t)row * a->aStride, a->aStride, together, a->k, k);
      for (uint32_t column = columns.start; column < columns.end; column += strip) {
        multiplyStrip(a, c + column, smaller(strip, columns.end - column), &x,
                      BYTES(a->panels) + (size_t)column * 2 * pairs, FLOATS(a->scales) + column);
      }
    }
  }
}
