// Dropout by counter: Threefry-2x32 with 20 rounds (Salmon et al. 2011), VL counters at a time.
#include "kernel.h"

typedef struct {
  vu first, second;
} Words;

INLINE vu rotate(vu x, int by) { return x << by | x >> (32 - by); }

#define ROUND(by)            \
  a += b;                    \
  b = rotate(b, by) ^ a;
#define INJECT(k0, k1, group) \
  a += k0;                    \
  b += k1 + group;
#define FOUR_ROUNDS(r0, r1, r2, r3, k0, k1, group) ROUND(r0) ROUND(r1) ROUND(r2) ROUND(r3) INJECT(k0, k1, group)

INLINE Words threefry(uint32_t key0, uint32_t key1, vu counter, uint32_t time) {
  const uint32_t key2 = 0x1bd11bda ^ key0 ^ key1;
  vu a = counter + key0, b = (vu){0} + (time + key1);
  FOUR_ROUNDS(13, 15, 26, 6, key1, key2, 1)
  FOUR_ROUNDS(17, 29, 16, 24, key2, key0, 2)
  FOUR_ROUNDS(13, 15, 26, 6, key0, key1, 3)
  FOUR_ROUNDS(17, 29, 16, 24, key1, key2, 4)
  FOUR_ROUNDS(13, 15, 26, 6, key2, key0, 5)
  return (Words){a, b};
}

// Keeps an element where its word reaches the threshold: a select, so that NaN is dropped too.
INLINE void selectKept(float *out, const float *x, vu words, uint32_t lanes, uint32_t threshold, vf scale, int accumulate) {
  vi keep = (vi)(words >= (vu){0} + threshold);
  vf value = (vf)((vi)(scale * loadPart(x, lanes, 0)) & keep);
  if (accumulate) value += loadPart(out, lanes, 0);
  storePart(out, value, lanes);
}

KERNEL(dropout, DropoutArgs) {
  const int32_t *rowIds = a->rowIds ? INTS(a->rowIds) : 0;
  const uint32_t half = a->width / 2 + a->width % 2, rest = a->width - half;
  const vf scale = splat((float)a->scale);
  uint32_t lane[VL];
  for (uint32_t i = 0; i < VL; i++) lane[i] = i;
  vu lanes0;
  __builtin_memcpy(&lanes0, lane, sizeof lane);
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const uint32_t batchRow = rowIds ? (uint32_t)rowIds[2 * row] : row % a->batch;
    const uint32_t time = rowIds ? (uint32_t)rowIds[2 * row + 1] : row / a->batch;
    float *out = FLOATS(a->out) + (size_t)row * a->width;
    const float *x = FLOATS(a->x) + (size_t)row * a->width;
    for (uint32_t q = 0; q < half; q += VL) {
      Words words = threefry(a->key0, a->key1, lanes0 + (batchRow * half + q), time);
      selectKept(out + q, x + q, words.first, half - q, a->threshold, scale, a->accumulate);
      if (q < rest) selectKept(out + half + q, x + half + q, words.second, rest - q, a->threshold, scale, a->accumulate);
    }
  }
}
