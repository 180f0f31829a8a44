// Adam, AdamW and SGD over segment tables: one call for all parameters of a model.
#include "kernel.h"

KERNEL(adam, AdamArgs) {
  const int32_t *segment = INTS(a->segments);
  const float *rate = FLOATS(a->rates);
  const vf beta1 = splat((float)a->beta1), beta2 = splat((float)a->beta2), epsilon = splat((float)a->epsilon);
  const vf rest1 = splat((float)(1 - a->beta1)), rest2 = splat((float)(1 - a->beta2));
  for (uint32_t s = 0; s < a->segmentCount; s++, segment += 5, rate += 4) {
    float *p = FLOATS((uint32_t)segment[0]), *m = FLOATS((uint32_t)segment[2]), *v = FLOATS((uint32_t)segment[3]);
    const float *g = FLOATS((uint32_t)segment[1]);
    const double learningRate = rate[0], decay = rate[1];
    const vf keep = splat((float)(a->decoupled ? 1 - learningRate * decay : 1));
    const vf pull = splat((float)(a->decoupled ? 0 : decay));
    const vf step = splat((float)(-learningRate / rate[2]));
    const vf correction = splat((float)(1 / __builtin_sqrt(rate[3])));
    Range range = share((uint32_t)segment[4], 16, part, parts);
    for (uint32_t i = range.start; i < range.end; i += VL) {
      const uint32_t lanes = range.end - i;
      vf parameter = loadPart(p + i, lanes, 0), slope = loadPart(g + i, lanes, 0);
      if (decay != 0 && !a->decoupled) slope = FMA(pull, parameter, slope);
      vf first = flush(FMA(rest1, slope, beta1 * loadPart(m + i, lanes, 0)));
      vf second = flush(FMA(rest2 * slope, slope, beta2 * loadPart(v + i, lanes, 0)));
      vf spread = FMA(squareRoot(second), correction, epsilon);
      storePart(m + i, first, lanes);
      storePart(v + i, second, lanes);
      storePart(p + i, FMA(step, first / spread, keep * parameter), lanes);
    }
  }
}

KERNEL(sgd, SgdArgs) {
  const int32_t *segment = INTS(a->segments);
  const float *rate = FLOATS(a->rates);
  const vf momentum = splat((float)a->momentum);
  for (uint32_t s = 0; s < a->segmentCount; s++, segment += 4, rate += 2) {
    float *p = FLOATS((uint32_t)segment[0]), *buffer = FLOATS_OR_NULL((uint32_t)segment[2]);
    const float *g = FLOATS((uint32_t)segment[1]);
    const vf step = splat(-rate[0]), decay = splat(rate[1]);
    Range range = share((uint32_t)segment[3], 16, part, parts);
    for (uint32_t i = range.start; i < range.end; i += VL) {
      const uint32_t lanes = range.end - i;
      vf parameter = loadPart(p + i, lanes, 0), slope = loadPart(g + i, lanes, 0);
      if (rate[1] != 0) slope = FMA(decay, parameter, slope);
      if (buffer) {
        vf velocity = flush(FMA(momentum, loadPart(buffer + i, lanes, 0), slope));
        storePart(buffer + i, velocity, lanes);
        slope = a->nesterov ? FMA(momentum, velocity, slope) : velocity;
      }
      storePart(p + i, FMA(step, slope, parameter), lanes);
    }
  }
}
