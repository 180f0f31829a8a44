// One tile of a product, ROWS rows by PANELS panels, held in registers. Included once for every shape.
#define JOIN3(a, b, c, d) a##b##c##d
#define TILE_NAME(rows, panels) JOIN3(tile, rows, x, panels)
#define VECTORS (PANELS * PANEL_VECTORS)

static __attribute__((noinline)) void TILE_NAME(ROWS, PANELS)(const Product *p, float *c, uint32_t cStride,
                                                               const float *start, uint32_t startStride,
                                                               const float *a, const float *panel, uint32_t k) {
  const uint32_t aStride = p->aStride;
#if PANELS > 1
  const uint32_t panelStride = p->panelStride;
#endif
  vf sum[ROWS][VECTORS];
  UNROLL for (int i = 0; i < ROWS; i++) {
    UNROLL for (int j = 0; j < VECTORS; j++) sum[i][j] = start ? load(start + i * startStride + j * VL) : (vf){0};
  }
  for (uint32_t q = k; q; q--) {
    // A new panel comes from the second cache: far enough ahead for that, near enough to stay in the first.
    PREFETCH(panel + 8 * NR, NR);
    vf row[VECTORS];
    UNROLL for (int j = 0; j < VECTORS; j++) {
#if PANELS > 1
      row[j] = load(panel + j / PANEL_VECTORS * panelStride + j % PANEL_VECTORS * VL);
#else
      row[j] = load(panel + j * VL);
#endif
    }
    UNROLL for (int i = 0; i < ROWS; i++) {
      vf x = loadSplat(a + i * aStride);
      UNROLL for (int j = 0; j < VECTORS; j++) {
        sum[i][j] = FMA(x, row[j], sum[i][j]);
        PIN(sum[i][j]);
      }
    }
    a += 1;
    panel += NR;
  }
  UNROLL for (int i = 0; i < ROWS; i++) {
    UNROLL for (int j = 0; j < VECTORS; j++) store(c + i * cStride + j * VL, sum[i][j]);
  }
}

#undef VECTORS
#undef TILE_NAME
#undef JOIN3
#undef ROWS
#undef PANELS
