// ROWS rows of activations by VECTORS vectors of outputs of one strip, with the sums in registers. Included once for every shape.
#define JOIN4(a, b, c, d) a##b##c##d
#define TILE_NAME(rows, vectors) JOIN4(int8Tile, rows, x, vectors)

static __attribute__((noinline)) void TILE_NAME(ROWS, VECTORS)(float *c, uint32_t cStride, const Activations *x,
                                                               const int8_t *panel, uint32_t stripBytes,
                                                               const float *scales) {
  vi sum[ROWS][VECTORS];
  UNROLL for (int i = 0; i < ROWS; i++) {
    UNROLL for (int j = 0; j < VECTORS; j++) sum[i][j] = (vi){0};
  }
  const int16_t *values = x->values[0];
  for (uint32_t pair = x->pairs; pair; pair--) {
    vi row[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) row[i] = splatPair(values + i * (BLOCK + VL));
    UNROLL for (int j = 0; j < VECTORS; j++) {
      UNROLL for (int i = 0; i < ROWS; i++) sum[i][j] = addPairs(sum[i][j], panel + j * PAIR_BYTES, row[i]);
    }
    values += 2;
    panel += stripBytes;
  }
  UNROLL for (int i = 0; i < ROWS; i++) {
    const vf scale = splat(x->scales[i]);
    UNROLL for (int j = 0; j < VECTORS; j++) {
      float *to = c + (size_t)i * cStride + j * VL;
      store(to, FMA(__builtin_convertvector(sum[i][j], vf), load(scales + j * VL) * scale, load(to)));
    }
  }
}

#undef TILE_NAME
#undef JOIN4
#undef ROWS
#undef VECTORS
