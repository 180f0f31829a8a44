// Norms and clipping over segment tables: int32 pairs (offset, count).
#include "sums.h"

KERNEL(globalNorm, GlobalNormArgs) {
  if (part) return;
  const int32_t *segment = INTS(a->segments);
  double sum = 0;
  for (uint32_t s = 0; s < a->segmentCount; s++, segment += 2) {
    sum += sumOf(FLOATS((uint32_t)segment[0]), (uint32_t)segment[1], 1);
  }
  *FLOATS(a->norm) = (float)__builtin_sqrt(sum);
}

KERNEL(clipByNorm, ClipByNormArgs) {
  const int32_t *segment = INTS(a->segments);
  const double ratio = a->maxNorm / (*FLOATS(a->norm) + 1e-6);
  // A NaN norm makes every element NaN: the trainer must see it.
  if (ratio >= 1) return;
  const vf factor = splat((float)ratio);
  for (uint32_t s = 0; s < a->segmentCount; s++, segment += 2) {
    float *x = FLOATS((uint32_t)segment[0]);
    Range range = share((uint32_t)segment[1], 16, part, parts);
    for (uint32_t i = range.start; i < range.end; i += VL) {
      const uint32_t lanes = range.end - i;
      storePart(x + i, factor * loadPart(x + i, lanes, 0), lanes);
    }
  }
}

KERNEL(clipByValue, ClipByValueArgs) {
  const int32_t *segment = INTS(a->segments);
  const vf limit = splat((float)a->limit);
  for (uint32_t s = 0; s < a->segmentCount; s++, segment += 2) {
    float *x = FLOATS((uint32_t)segment[0]);
    Range range = share((uint32_t)segment[1], 16, part, parts);
    for (uint32_t i = range.start; i < range.end; i += VL) {
      const uint32_t lanes = range.end - i;
      storePart(x + i, AT_LEAST(AT_MOST(loadPart(x + i, lanes, 0), limit), -limit), lanes);
    }
  }
}
