// One row of a GRU at one time step, gates r, z, n: h' = (1-z)*n + z*h. The formulas are in signatures.ts.
#pragma once
#include "activations.h"
#include "gate-layout.h"

#define GATES 3
#define RESET 0
#define UPDATE NR
#define CANDIDATE (2 * NR)

// Where a unit's reset gate lies in a slab row; its update and candidate gates follow at UPDATE and CANDIDATE.
INLINE size_t gruColumn(uint32_t unit) { return (size_t)(unit / NR) * GATES * NR + unit % NR; }

// resetAfter: n = tanh(W x + b + r*q), with q = U h + b_h in `candidate`.
static void gruCellAfter(float *gates, const float *candidate, const float *before, float *hidden, float *output,
                         uint32_t hiddenSize) {
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    float *gate = gates + gruColumn(j);
    vf r = sigmoidVector(load(gate + RESET));
    vf z = sigmoidVector(load(gate + UPDATE));
    vf n = tanhVector(FMA(r, loadPart(candidate + j, lanes, 0), load(gate + CANDIDATE)));
    vf h = flush(FMA(z, loadPart(before + j, lanes, 0), (1.0f - z) * n));
    store(gate + RESET, firstLanes(r, lanes));
    store(gate + UPDATE, firstLanes(z, lanes));
    store(gate + CANDIDATE, firstLanes(n, lanes));
    storePart(hidden + j, h, lanes);
    storePart(output + j, h, lanes);
  }
  clearPadding(gates, GATES, hiddenSize);
}

// Not resetAfter, before the candidate's product: r and z, and r*h into `candidate`.
static void gruResetBefore(float *gates, float *candidate, const float *before, uint32_t hiddenSize) {
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    float *gate = gates + gruColumn(j);
    vf r = sigmoidVector(load(gate + RESET));
    vf z = sigmoidVector(load(gate + UPDATE));
    store(gate + RESET, firstLanes(r, lanes));
    store(gate + UPDATE, firstLanes(z, lanes));
    storePart(candidate + j, r * loadPart(before + j, lanes, 0), lanes);
  }
}

// And after it: n = tanh(W x + b + U (r*h)).
static void gruCellBefore(float *gates, const float *before, float *hidden, float *output, uint32_t hiddenSize) {
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    float *gate = gates + gruColumn(j);
    vf z = load(gate + UPDATE);
    vf n = tanhVector(load(gate + CANDIDATE));
    vf h = flush(FMA(z, loadPart(before + j, lanes, 0), (1.0f - z) * n));
    store(gate + CANDIDATE, firstLanes(n, lanes));
    storePart(hidden + j, h, lanes);
    storePart(output + j, h, lanes);
  }
  clearPadding(gates, GATES, hiddenSize);
}

// The gradients of z and n from dL/dh', and dL/dh' * z left in gradHidden; resetAfter: those of r, and of U's gates, too.
static void gruCellBackward(float *gradients, float *hiddenGradients, const float *gates, const float *candidate,
                            const float *before, float *gradHidden, const float *gradOutput, float *hiddenTap,
                            uint32_t hiddenSize) {
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    const size_t column = gruColumn(j);
    const float *gate = gates + column;
    vf r = load(gate + RESET), z = load(gate + UPDATE), n = load(gate + CANDIDATE);
    vf dh = loadPart(gradHidden + j, lanes, 0);
    if (gradOutput) dh += loadPart(gradOutput + j, lanes, 0);
    if (hiddenTap) storePart(hiddenTap + j, dh, lanes);
    vf gradZ = flush(dh * (loadPart(before + j, lanes, 0) - n) * z * (1.0f - z));
    vf gradN = flush(dh * (1.0f - z) * (1.0f - n * n));
    store(gradients + column + UPDATE, gradZ);
    store(gradients + column + CANDIDATE, gradN);
    storePart(gradHidden + j, dh * z, lanes);
    if (hiddenGradients) {
      vf gradR = flush(gradN * loadPart(candidate + j, lanes, 0) * r * (1.0f - r));
      store(gradients + column + RESET, gradR);
      store(hiddenGradients + column + RESET, gradR);
      store(hiddenGradients + column + UPDATE, gradZ);
      store(hiddenGradients + column + CANDIDATE, flush(gradN * r));
    }
  }
  clearPadding(gradients, GATES, hiddenSize);
  if (hiddenGradients) clearPadding(hiddenGradients, GATES, hiddenSize);
}

// Not resetAfter: the slab's reset columns hold dL/d(r*h); they become the gradient of r, and h gets its share.
static void gruResetBackward(float *gradients, const float *gates, const float *before, float *gradHidden,
                             uint32_t hiddenSize) {
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    const size_t column = gruColumn(j);
    vf r = load(gates + column + RESET), gradReset = load(gradients + column + RESET);
    storePart(gradHidden + j, FMA(gradReset, r, loadPart(gradHidden + j, lanes, 0)), lanes);
    store(gradients + column + RESET, flush(gradReset * loadPart(before + j, lanes, 0) * r * (1.0f - r)));
  }
  clearPadding(gradients, GATES, hiddenSize);
}
