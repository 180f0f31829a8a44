// GRU in both forms: resetAfter (PyTorch, cuDNN), and the first one (Cho et al. 2014), where r acts on h before the product.
#include "gru-cells.h"
#include "recurrence.h"

// Adds h U of `count` of the three gates from gate `first` on to the slab's columns c, those of the first of the gates.
static void multiplyGates(const Walk *w, float *c, const float *h, const float *panels, uint32_t first, uint32_t count,
                          uint32_t hiddenSize) {
  const uint32_t blocks = unitBlocks(GATES, hiddenSize), width = slabWidth(GATES, hiddenSize), panelStride = hiddenSize * NR;
  for (uint32_t block = 0; block < blocks; block++) {
    multiplyOwnRows(w, w->count,
                    (Product){
                        .c = c + (size_t)block * GATES * NR,
                        .a = h,
                        .panels = panels + (size_t)(block * GATES + first) * panelStride,
                        .start = c + (size_t)block * GATES * NR,
                        .n = count * NR,
                        .k = hiddenSize,
                        .cStride = width,
                        .aStride = hiddenSize,
                        .startStride = width,
                        .panelStride = panelStride,
                        .segments = 1,
                    });
  }
}

KERNEL(gruForward, GruForwardArgs) {
  const uint32_t H = a->hiddenSize, width = slabWidth(GATES, H);
  float *gates = FLOATS(a->gates), *output = FLOATS(a->output), *candidate = FLOATS(a->candidate);
  float *previous = FLOATS(a->previousHidden), *final = FLOATS(a->finalHidden);
  const float *initial = FLOATS_OR_NULL(a->initialHidden), *hiddenPanels = FLOATS(a->hiddenPanels);
  Walk w = startWalk(INTS(a->batchSizes), a->steps, a->batch, a->rows, a->reverse, part, parts);
  passState(&w, final, initial, H);
  for (; walking(&w); advance(&w)) {
    enterState(&w, previous, initial, H);
    projectInputs(&w, gates, FLOATS(a->x), a->xStride, FLOATS(a->inputPanels), FLOATS_OR_NULL(a->bias), width, a->inputSize);
    float *slab = gates + (size_t)w.first * width, *candidates = candidate + (size_t)w.first * H;
    const float *h = previous + (size_t)w.first * H;
    multiplyGates(&w, slab, h, hiddenPanels, 0, 2, H);
    if (a->resetAfter) {
      // The candidate's panels are one in three, and what comes of them lies together: one product.
      multiplyOwnRows(&w, w.count,
                      (Product){
                          .c = candidates,
                          .a = h,
                          .panels = hiddenPanels + (size_t)2 * H * NR,
                          .start = FLOATS_OR_NULL(a->hiddenBias),
                          .n = H,
                          .k = H,
                          .cStride = H,
                          .aStride = H,
                          .panelStride = GATES * H * NR,
                          .segments = 1,
                      });
    } else {
      FOR_OWN_ROWS(b, &w, 0, w.count) {
        gruResetBefore(slab + (size_t)b * width, candidates + (size_t)b * H, h + (size_t)b * H, H);
      }
      multiplyGates(&w, slab + CANDIDATE, candidates, hiddenPanels, 2, 1, H);
    }
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      const size_t row = w.first + b;
      float *next = nextState(&w, previous, final, b, H), *out = output + row * a->outputStride;
      if (a->resetAfter) gruCellAfter(gates + row * width, candidate + row * H, previous + row * H, next, out, H);
      else gruCellBefore(gates + row * width, previous + row * H, next, out, H);
    }
  }
}

// gradHidden += what U's gates saw, back through U. Not resetAfter: only r and z, whose columns are two thirds of each block.
static void gradientThroughGates(const Walk *w, float *gradHidden, const float *gradients, const float *panels,
                                 uint32_t hiddenSize, int resetAfter) {
  const uint32_t width = slabWidth(GATES, hiddenSize);
  multiplyOwnRows(w, w->count,
                  (Product){
                      .c = gradHidden,
                      .a = gradients,
                      .panels = panels,
                      .start = gradHidden,
                      .n = hiddenSize,
                      .k = resetAfter ? width : 2 * NR,
                      .cStride = hiddenSize,
                      .aStride = width,
                      .startStride = hiddenSize,
                      .panelStride = width * NR,
                      .segments = resetAfter ? 1 : unitBlocks(GATES, hiddenSize),
                      .aSkip = NR,
                      .panelSkip = NR * NR,
                  });
}

// The slab's reset columns = dL/d(r*h), the candidate's columns back through U.
static void gradientThroughCandidate(const Walk *w, float *gradients, const float *panels, uint32_t hiddenSize) {
  const uint32_t width = slabWidth(GATES, hiddenSize), blocks = unitBlocks(GATES, hiddenSize);
  for (uint32_t block = 0; block < blocks; block++) {
    multiplyOwnRows(w, w->count,
                    (Product){
                        .c = gradients + (size_t)block * GATES * NR + RESET,
                        .a = gradients + CANDIDATE,
                        .panels = panels + (size_t)block * width * NR + CANDIDATE * NR,
                        .n = NR,
                        .k = NR,
                        .cStride = width,
                        .aStride = width,
                        .panelStride = width * NR,
                        .segments = blocks,
                        .aSkip = 2 * NR,
                        .panelSkip = 2 * NR * NR,
                    });
  }
}

KERNEL(gruBackward, GruBackwardArgs) {
  const uint32_t H = a->hiddenSize, width = slabWidth(GATES, H);
  const float *gates = FLOATS(a->gates), *candidate = FLOATS(a->candidate), *previous = FLOATS(a->previousHidden);
  const float *gradOutput = FLOATS_OR_NULL(a->gradOutput), *hiddenPanels = FLOATS(a->hiddenPanels);
  float *gateGradients = FLOATS(a->gateGradients), *gradHidden = FLOATS(a->gradInitialHidden);
  float *hiddenTap = FLOATS_OR_NULL(a->hiddenTap);
  float *hiddenGradients = a->resetAfter ? FLOATS(a->hiddenGateGradients) : 0;
  Walk w = startWalk(INTS(a->batchSizes), a->steps, a->batch, a->rows, !a->reverse, part, parts);
  startGradient(&w, gradHidden, FLOATS_OR_NULL(a->gradFinalHidden), H);
  for (; walking(&w); advance(&w)) {
    const size_t slab = (size_t)w.first * width;
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      const size_t row = w.first + b;
      gruCellBackward(gateGradients + row * width, hiddenGradients ? hiddenGradients + row * width : 0,
                      gates + row * width, candidate + row * H, previous + row * H, gradHidden + (size_t)b * H,
                      gradOutput ? gradOutput + row * a->gradOutputStride : 0, hiddenTap ? hiddenTap + row * H : 0, H);
    }
    if (!a->resetAfter) {
      gradientThroughCandidate(&w, gateGradients + slab, hiddenPanels, H);
      FOR_OWN_ROWS(b, &w, 0, w.count) {
        const size_t row = w.first + b;
        gruResetBackward(gateGradients + row * width, gates + row * width, previous + row * H, gradHidden + (size_t)b * H, H);
      }
    }
    gradientThroughGates(&w, gradHidden, a->resetAfter ? hiddenGradients + slab : gateGradients + slab, hiddenPanels, H,
                         a->resetAfter);
    flushOwnRows(&w, gradHidden, H);
  }
}
#undef GATES
