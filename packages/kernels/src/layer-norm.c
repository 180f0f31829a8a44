#include "layer-norm.h"

KERNEL(layerNorm, LayerNormArgs) {
  const NormRow r = normRow(a->gates, a->width);
  const float *gain = FLOATS_OR_NULL(a->gain), *shift = FLOATS_OR_NULL(a->shift);
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    float *out = FLOATS(a->out) + (size_t)row * r.width;
    float *normalized = a->normalized ? FLOATS(a->normalized) + (size_t)row * r.width : out;
    const float scale = normalize(normalized, FLOATS(a->x) + (size_t)row * r.width, r, a->epsilon);
    if (a->scales) FLOATS(a->scales)[row] = scale;
    for (uint32_t j = 0; j < r.width; j += VL) {
      const uint32_t lanes = r.width - j;
      vf value = loadPart(normalized + j, lanes, 0);
      if (gain) value *= loadPart(gain + j, lanes, 0);
      if (shift) value += loadPart(shift + j, lanes, 0);
      storePart(out + j, value, lanes);
    }
  }
}

KERNEL(layerNormBackward, LayerNormBackwardArgs) {
  const NormRow r = normRow(a->gates, a->width);
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const size_t at = (size_t)row * r.width;
    normalizeBackward(FLOATS(a->gradX) + at, FLOATS(a->gradY) + at, FLOATS(a->normalized) + at, FLOATS_OR_NULL(a->gain),
                      FLOATS(a->scales)[row], r, a->accumulate);
  }
}
