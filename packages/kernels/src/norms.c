// Norms and clipping over segment tables: int32 pairs (offset, count).
#include "sums.h"

// Elements to a block of globalNorm, so that all sums of blocks find room: at most half of it, and one more for each segment.
static uint32_t normBlock(const int32_t *segment, uint32_t segmentCount) {
  uint64_t total = 0;
  for (uint32_t s = 0; s < segmentCount; s++, segment += 2) total += (uint32_t)segment[1];
  const uint64_t needed = total / (SHARED_DOUBLES / 2) / 64 * 64 + 64;
  return needed > 4096 ? (uint32_t)needed : 4096;
}

// Parts have blocks, the same for any number of parts; the rest adds their sums in order.
KERNEL(globalNorm, GlobalNormArgs) {
  const int32_t *segment = INTS(a->segments);
  const int together = a->segmentCount > SHARED_DOUBLES / 2;
  const uint32_t size = normBlock(segment, a->segmentCount);
  const int rest = part == parts;
  double *sums = SHARED, sum = 0;
  uint32_t block = 0;
  for (uint32_t s = 0; s < a->segmentCount; s++, segment += 2) {
    const float *x = FLOATS((uint32_t)segment[0]);
    const uint32_t count = (uint32_t)segment[1];
    for (uint32_t i = 0; i < count; i += size, block++) {
      if (together ? rest : block % parts == part) {
        const double squares = sumOf(x + i, smaller(size, count - i), 1);
        if (rest) sum += squares;
        else sums[block] = squares;
      } else if (rest) {
        sum += sums[block];
      }
    }
  }
  if (rest) *FLOATS(a->norm) = (float)__builtin_sqrt(sum);
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
