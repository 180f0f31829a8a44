// LSTM (Hochreiter & Schmidhuber 1997; Gers et al. 2000): i, f, o = sigmoid, g = tanh of W x + b + U h; c' = f*c + i*g;
// h' = o*tanh(c'). Gates in the order i, f, g, o; the formulas are in signatures.ts and in the reference kernels.
#include "activations.h"
#include "recurrence.h"

#define GATES 4

// One row's gates, activated in place, and its new state.
static void lstmCell(float *gates, const float *cellBefore, float *cell, float *hidden, float *output, uint32_t hiddenSize) {
  for (uint32_t j = 0; j < hiddenSize; j += VL, gates += GATES * VL) {
    const uint32_t lanes = hiddenSize - j;
    vf input = sigmoidVector(load(gates));
    vf forget = sigmoidVector(load(gates + VL));
    vf content = tanhVector(load(gates + 2 * VL));
    vf out = sigmoidVector(load(gates + 3 * VL));
    store(gates, firstLanes(input, lanes));
    store(gates + VL, firstLanes(forget, lanes));
    store(gates + 2 * VL, firstLanes(content, lanes));
    store(gates + 3 * VL, firstLanes(out, lanes));
    vf c = flush(FMA(forget, loadPart(cellBefore + j, lanes, 0), input * content));
    vf h = flush(out * tanhVector(c));
    storePart(cell + j, c, lanes);
    storePart(hidden + j, h, lanes);
    storePart(output + j, h, lanes);
  }
}

KERNEL(lstmForward, LstmForwardArgs) {
  const uint32_t H = a->hiddenSize, width = slabWidth(GATES, H);
  float *gates = FLOATS(a->gates), *output = FLOATS(a->output);
  float *previousHidden = FLOATS(a->previousHidden), *previousCell = FLOATS(a->previousCell);
  float *finalHidden = FLOATS(a->finalHidden), *finalCell = FLOATS(a->finalCell);
  const float *initialHidden = FLOATS_OR_NULL(a->initialHidden), *initialCell = FLOATS_OR_NULL(a->initialCell);
  Walk w = startWalk(INTS(a->batchSizes), a->steps, a->batch, a->rows, a->reverse, part, parts);
  passState(&w, finalHidden, initialHidden, H);
  passState(&w, finalCell, initialCell, H);
  for (; walking(&w); advance(&w)) {
    enterState(&w, previousHidden, initialHidden, H);
    enterState(&w, previousCell, initialCell, H);
    projectInputs(&w, gates, FLOATS(a->x), a->xStride, FLOATS(a->inputPanels), FLOATS_OR_NULL(a->bias), width, a->inputSize);
    float *slab = gates + (size_t)w.first * width;
    multiplyOwnRows(&w, w.count,
                    (Product){
                        .c = slab,
                        .a = previousHidden + (size_t)w.first * H,
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
      lstmCell(gates + row * width, previousCell + row * H, nextState(&w, previousCell, finalCell, b, H),
               nextState(&w, previousHidden, finalHidden, b, H), output + row * a->outputStride, H);
    }
  }
}

// One row's gate gradients from dL/dh', which is the sum of what came back through time and through the output.
static void lstmCellBackward(float *gradients, const float *gates, const float *cellBefore, const float *gradHidden,
                             const float *gradOutput, float *gradCell, float *hiddenTap, float *cellTap,
                             uint32_t hiddenSize) {
  for (uint32_t j = 0; j < hiddenSize; j += VL, gates += GATES * VL, gradients += GATES * VL) {
    const uint32_t lanes = hiddenSize - j;
    vf input = load(gates), forget = load(gates + VL), content = load(gates + 2 * VL), out = load(gates + 3 * VL);
    vf before = loadPart(cellBefore + j, lanes, 0);
    vf tanhCell = tanhVector(flush(FMA(forget, before, input * content)));
    vf dh = loadPart(gradHidden + j, lanes, 0);
    if (gradOutput) dh += loadPart(gradOutput + j, lanes, 0);
    vf dc = FMA(dh * out, 1.0f - tanhCell * tanhCell, loadPart(gradCell + j, lanes, 0));
    if (hiddenTap) storePart(hiddenTap + j, dh, lanes);
    if (cellTap) storePart(cellTap + j, dc, lanes);
    store(gradients, flush(dc * content * input * (1.0f - input)));
    store(gradients + VL, flush(dc * before * forget * (1.0f - forget)));
    store(gradients + 2 * VL, flush(dc * input * (1.0f - content * content)));
    store(gradients + 3 * VL, flush(dh * tanhCell * out * (1.0f - out)));
    storePart(gradCell + j, flush(dc * forget), lanes);
  }
}

KERNEL(lstmBackward, LstmBackwardArgs) {
  const uint32_t H = a->hiddenSize, width = slabWidth(GATES, H);
  const float *gates = FLOATS(a->gates), *previousCell = FLOATS(a->previousCell);
  const float *gradOutput = FLOATS_OR_NULL(a->gradOutput);
  float *gateGradients = FLOATS(a->gateGradients);
  float *gradHidden = FLOATS(a->gradInitialHidden), *gradCell = FLOATS(a->gradInitialCell);
  float *hiddenTap = FLOATS_OR_NULL(a->hiddenTap), *cellTap = FLOATS_OR_NULL(a->cellTap);
  Walk w = startWalk(INTS(a->batchSizes), a->steps, a->batch, a->rows, !a->reverse, part, parts);
  startGradient(&w, gradHidden, FLOATS_OR_NULL(a->gradFinalHidden), H);
  startGradient(&w, gradCell, FLOATS_OR_NULL(a->gradFinalCell), H);
  for (; walking(&w); advance(&w)) {
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      const size_t row = w.first + b;
      lstmCellBackward(gateGradients + row * width, gates + row * width, previousCell + row * H, gradHidden + (size_t)b * H,
                       gradOutput ? gradOutput + row * a->gradOutputStride : 0, gradCell + (size_t)b * H,
                       hiddenTap ? hiddenTap + row * H : 0, cellTap ? cellTap + row * H : 0, H);
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
#undef GATES
