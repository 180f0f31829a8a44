#include "int8.h"

// One output's weights as whole numbers, `step` bytes from one pair to the next, and their scale.
ONCE float roundWeights(int8_t *to, size_t step, const float *weight, uint32_t count) {
  union {
    float value;
    int32_t bits;
  } largest = {0}, magnitudeOf;
  for (uint32_t k = 0; k < count; k++) {
    magnitudeOf.value = weight[k];
    magnitudeOf.bits &= 0x7fffffff;
    if (magnitudeOf.bits > largest.bits) largest = magnitudeOf;
  }
  const int finite = largest.bits < 0x7f800000, some = largest.value >= 0x1p-100f;
  const float inverse = finite && some ? 127.0f / largest.value : 0;
  for (uint32_t k = 0; k < count; k++) {
    magnitudeOf.value = weight[k] * inverse + 0x1.8p23f;
    to[k / 2 * step + k % 2] = (int8_t)(magnitudeOf.bits - 0x4b400000);
  }
  return !finite ? __builtin_nanf("") : some ? largest.value / 127.0f : 0;
}

KERNEL(packInt8, PackInt8Args) {
  const uint32_t H = a->hiddenSize, units = paddedUnits(H), pairs = divideUp(a->inputs, 2), strip = STRIP * VL;
  Range own = share(a->gates * units, VL, part, parts);
  for (uint32_t output = own.start; output < own.end; output++) {
    const uint32_t gate = output / units, unit = output % units;
    const uint32_t first = unit / strip * strip, width = smaller(strip, units - first);
    const size_t step = 2 * width;
    int8_t *to = BYTES(a->panels) + gate * gateBytes(H, a->inputs) + (size_t)first * 2 * pairs + (unit - first) * 2;
    // The ends of the last vector and of an odd last pair are multiplied too.
    for (uint32_t pair = unit < H ? pairs - a->inputs % 2 : 0; pair < pairs; pair++) to[pair * step] = to[pair * step + 1] = 0;
    const float *weight = FLOATS(a->weight) + (size_t)(gate * H + unit) * a->inputs;
    FLOATS(a->scales)[output] = unit < H ? roundWeights(to, step, weight, a->inputs) : 0;
  }
}

KERNEL(packRowsInt8, PackRowsInt8Args) {
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const size_t first = (size_t)row * a->width;
    FLOATS(a->scales)[row] = roundWeights(BYTES(a->out) + first, 2, FLOATS(a->x) + first, a->width);
  }
}

KERNEL(gatherRowsInt8, GatherRowsInt8Args) {
  const int32_t *index = INTS(a->index);
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const int8_t *from = BYTES(a->x) + (size_t)index[row] * a->width;
    const float scale = FLOATS(a->scales)[index[row]];
    float *out = FLOATS(a->out) + (size_t)row * a->width;
    for (uint32_t j = 0; j < a->width; j++) out[j] = scale * from[j];
  }
}
