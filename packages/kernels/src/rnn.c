// The plain recurrent network (Elman 1990): h' = f(W x + b + U h), f = tanh or relu. The slab holds h' itself.
#include "activations.h"
#include "recurrence.h"

INLINE vf reluVector(vf x) { return (vf)((vi)x & ~(x <= 0.0f)); }

static void rnnCell(float *gates, float *hidden, float *output, uint32_t hiddenSize, int relu) {
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    vf sum = load(gates + j);
    vf h = flush(relu ? reluVector(sum) : tanhVector(sum));
    store(gates + j, firstLanes(h, lanes));
    storePart(hidden + j, h, lanes);
    storePart(output + j, h, lanes);
  }
  clearPadding(gates, 1, hiddenSize);
}

KERNEL(rnnForward, RnnForwardArgs) {
  const uint32_t H = a->hiddenSize, width = slabWidth(1, H);
  float *gates = FLOATS(a->gates), *output = FLOATS(a->output);
  float *previous = FLOATS(a->previousHidden), *final = FLOATS(a->finalHidden);
  const float *initial = FLOATS_OR_NULL(a->initialHidden);
  Walk w = startWalk(INTS(a->batchSizes), a->steps, a->batch, a->rows, a->reverse, part, parts);
  passState(&w, final, initial, H);
  for (; walking(&w); advance(&w)) {
    enterState(&w, previous, initial, H);
    projectInputs(&w, gates, FLOATS(a->x), a->xStride, FLOATS(a->inputPanels), FLOATS_OR_NULL(a->bias), width, a->inputSize);
    float *slab = gates + (size_t)w.first * width;
    multiplyOwnRows(&w, w.count,
                    (Product){
                        .c = slab,
                        .a = previous + (size_t)w.first * H,
                        .panels = FLOATS(a->hiddenPanels),
                        .start = slab,
                        .n = width,
                        .k = H,
                        .cStride = width,
                        .aStride = H,
                        .startStride = width,
                        .panelStride = H * NR,
                        .segments = 1,
                    });
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      const size_t row = w.first + b;
      rnnCell(gates + row * width, nextState(&w, previous, final, b, H), output + row * a->outputStride, H, a->relu);
    }
  }
}

static void rnnCellBackward(float *gradients, const float *gates, const float *gradHidden, const float *gradOutput,
                            float *hiddenTap, uint32_t hiddenSize, int relu) {
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    vf h = load(gates + j);
    vf dh = loadPart(gradHidden + j, lanes, 0);
    if (gradOutput) dh += loadPart(gradOutput + j, lanes, 0);
    if (hiddenTap) storePart(hiddenTap + j, dh, lanes);
    vf gradient = relu ? (vf)((vi)dh & ~(h <= 0.0f)) : dh * (1.0f - h * h);
    store(gradients + j, flush(gradient));
  }
  clearPadding(gradients, 1, hiddenSize);
}

KERNEL(rnnBackward, RnnBackwardArgs) {
  const uint32_t H = a->hiddenSize, width = slabWidth(1, H);
  const float *gates = FLOATS(a->gates), *gradOutput = FLOATS_OR_NULL(a->gradOutput);
  float *gateGradients = FLOATS(a->gateGradients), *gradHidden = FLOATS(a->gradInitialHidden);
  float *hiddenTap = FLOATS_OR_NULL(a->hiddenTap);
  Walk w = startWalk(INTS(a->batchSizes), a->steps, a->batch, a->rows, !a->reverse, part, parts);
  startGradient(&w, gradHidden, FLOATS_OR_NULL(a->gradFinalHidden), H);
  for (; walking(&w); advance(&w)) {
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      const size_t row = w.first + b;
      rnnCellBackward(gateGradients + row * width, gates + row * width, gradHidden + (size_t)b * H,
                      gradOutput ? gradOutput + row * a->gradOutputStride : 0, hiddenTap ? hiddenTap + row * H : 0, H, a->relu);
    }
    multiplyOwnRows(&w, w.count,
                    (Product){
                        .c = gradHidden,
                        .a = gateGradients + (size_t)w.first * width,
                        .panels = FLOATS(a->hiddenPanels),
                        .n = H,
                        .k = width,
                        .cStride = H,
                        .aStride = width,
                        .panelStride = width * NR,
                        .segments = 1,
                    });
    flushOwnRows(&w, gradHidden, H);
  }
}
