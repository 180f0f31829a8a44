#include "product.h"

static void transposeBlock(float *to, uint32_t toStride, const float *from, uint32_t fromStride, uint32_t rows,
                           uint32_t columns) {
  uint32_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const float *source = from + (size_t)i * fromStride;
    uint32_t j = 0;
    for (; j + VL <= columns; j += VL) {
      vf a = load(source + j), b = load(source + fromStride + j);
      vf c = load(source + 2 * (size_t)fromStride + j), d = load(source + 3 * (size_t)fromStride + j);
      transposeQuads(&a, &b, &c, &d);
      float *target = to + (size_t)j * toStride + i;
      storeQuads(target, 4 * (size_t)toStride, a);
      storeQuads(target + toStride, 4 * (size_t)toStride, b);
      storeQuads(target + 2 * (size_t)toStride, 4 * (size_t)toStride, c);
      storeQuads(target + 3 * (size_t)toStride, 4 * (size_t)toStride, d);
    }
    for (; j < columns; j++) {
      for (uint32_t l = 0; l < 4; l++) to[(size_t)j * toStride + i + l] = source[(size_t)l * fromStride + j];
    }
  }
  for (; i < rows; i++) {
    for (uint32_t j = 0; j < columns; j++) to[(size_t)j * toStride + i] = from[(size_t)i * fromStride + j];
  }
}

static void packPanels(float *panels, uint32_t panelStride, const float *b, uint32_t bStride, uint32_t k, uint32_t n,
                       int transposed) {
  for (uint32_t column = 0; column < n; column += NR, panels += panelStride) {
    const uint32_t columns = smaller(NR, n - column);
    if (columns < NR) zeroFloats(panels, k * NR);
    if (transposed) {
      transposeBlock(panels, NR, b + (size_t)column * bStride, bStride, columns, k);
      continue;
    }
    for (uint32_t q = 0; q < k; q++) {
      const float *from = b + (size_t)q * bStride + column;
      if (columns == NR) {
        UNROLL for (uint32_t j = 0; j < NR; j += VL) store(panels + (size_t)q * NR + j, load(from + j));
      } else {
        for (uint32_t j = 0; j < columns; j++) panels[(size_t)q * NR + j] = from[j];
      }
    }
  }
}

KERNEL(pack, PackArgs) {
  Range columns = share(a->n, NR, part, parts);
  const float *b = FLOATS(a->b) + (size_t)columns.start * (a->transpose ? a->bStride : 1);
  packPanels(FLOATS(a->panels) + (size_t)columns.start * a->k, a->k * NR, b, a->bStride, a->k,
             columns.end - columns.start, a->transpose);
}
