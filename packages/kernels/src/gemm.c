#include "scratch.h"

KERNEL(gemmPacked, GemmPackedArgs) {
  // Whole panels to each part, or rows where there are more of those.
  const int byRows = a->m >= a->n;
  Range rows = byRows ? share(a->m, 1, part, parts) : (Range){0, a->m};
  Range columns = byRows ? (Range){0, a->n} : share(a->n, NR, part, parts);
  if (rows.start == rows.end || columns.start == columns.end) return;
  float *c = FLOATS(a->c) + (size_t)rows.start * a->cStride + columns.start;
  Product p = {
      .c = c,
      .a = FLOATS(a->a) + (size_t)rows.start * a->aStride,
      .panels = FLOATS(a->panels) + (size_t)columns.start * a->k,
      .start = a->accumulate ? c : a->bias ? FLOATS(a->bias) + columns.start : 0,
      .m = rows.end - rows.start,
      .n = columns.end - columns.start,
      .k = a->k,
      .cStride = a->cStride,
      .aStride = a->aStride,
      .startStride = a->accumulate ? a->cStride : 0,
      .panelStride = a->k * NR,
      .segments = 1,
  };
  multiply(&p);
}

// Packs B a block at a time, and A too where it is transposed, then multiplies as gemmPacked does.
KERNEL(gemm, GemmArgs) {
  Scratch *packed = (Scratch *)scratch;
  const int byRows = a->m >= a->n;
  Range rows = byRows ? share(a->m, 1, part, parts) : (Range){0, a->m};
  Range columns = byRows ? (Range){0, a->n} : share(a->n, NR, part, parts);
  const uint32_t kBlocks = a->k ? divideUp(a->k, K_BLOCK) : 1;

  for (uint32_t column = columns.start; column < columns.end; column += COLUMN_BLOCK) {
    uint32_t kStart = 0;
    for (uint32_t kBlock = 0; kBlock < kBlocks; kBlock++) {
      const uint32_t k = divideUp(a->k - kStart, kBlocks - kBlock);
      const uint32_t n = smaller(COLUMN_BLOCK, columns.end - column);
      const float *b = FLOATS(a->b) + (a->transposeB ? (size_t)column * a->bStride + kStart
                                                     : (size_t)kStart * a->bStride + column);
      packPanels(packed->b, k * NR, b, a->bStride, k, n, a->transposeB);
      for (uint32_t row = rows.start; row < rows.end; row += ROW_BLOCK) {
        const uint32_t m = smaller(ROW_BLOCK, rows.end - row);
        const float *left = FLOATS(a->a) + (a->transposeA ? (size_t)kStart * a->aStride + row
                                                          : (size_t)row * a->aStride + kStart);
        if (a->transposeA) transposeBlock(packed->a, A_STRIDE, left, a->aStride, k, m);
        float *c = FLOATS(a->c) + (size_t)row * a->cStride + column;
        const int continued = a->accumulate || kStart;
        Product p = {
            .c = c,
            .a = a->transposeA ? packed->a : left,
            .panels = packed->b,
            .start = continued ? c : a->bias ? FLOATS(a->bias) + column : 0,
            .m = m,
            .n = n,
            .k = k,
            .cStride = a->cStride,
            .aStride = a->transposeA ? A_STRIDE : a->aStride,
            .startStride = continued ? a->cStride : 0,
            .panelStride = k * NR,
            .segments = 1,
        };
        multiply(&p);
      }
      kStart += k;
    }
  }
}
