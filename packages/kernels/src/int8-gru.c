#include "activations.h"
#include "int8-step.h"

// In place of h: r*h for the candidate's product, before it.
static void resetHiddenInt8(const float *gates, const float *hidden, float *to, uint32_t hiddenSize) {
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    storePart(to + j, sigmoidVector(load(gates + j)) * loadPart(hidden + j, lanes, 0), lanes);
  }
}

// n = tanh(pre-activation + r*candidate), or without a candidate tanh(pre-activation).
static void gruCellInt8(const float *gates, const float *candidate, float *hidden, uint32_t hiddenSize) {
  const uint32_t units = paddedUnits(hiddenSize);
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    vf z = sigmoidVector(load(gates + units + j)), n = load(gates + 2 * units + j);
    if (candidate) n = FMA(sigmoidVector(load(gates + j)), load(candidate + j), n);
    n = tanhVector(n);
    storePart(hidden + j, flush(FMA(z, loadPart(hidden + j, lanes, 0), (1.0f - z) * n)), lanes);
  }
}

KERNEL(gruStepInt8, GruStepInt8Args) {
  const uint32_t H = a->hiddenSize, units = paddedUnits(H), stride = 3 * units;
  const float *hiddenScales = FLOATS(a->hiddenScales);
  const int8_t *hiddenPanels = BYTES(a->hiddenPanels);
  Range own = share(a->rows, 1, part, parts);
  for (uint32_t row = own.start; row < own.end; row += ROWS_TOGETHER) {
    const uint32_t rows = smaller(ROWS_TOGETHER, own.end - row);
    float *gates = FLOATS(a->gates) + (size_t)row * stride, *candidate = FLOATS(a->candidate) + (size_t)row * units;
    float *hidden = FLOATS(a->hidden) + (size_t)row * H;
    startGates(gates, stride, rows, FLOATS_OR_NULL(a->bias), 3, H);
    addGatesInt8(gates, stride, FLOATS(a->x) + (size_t)row * a->inputSize, a->inputSize, rows, a->inputSize,
                 BYTES(a->inputPanels), FLOATS(a->inputScales), 0, 3, H);
    addGatesInt8(gates, stride, hidden, H, rows, H, hiddenPanels, hiddenScales, 0, 2, H);
    if (a->resetAfter) {
      startGates(candidate, units, rows, FLOATS_OR_NULL(a->hiddenBias), 1, H);
      addGatesInt8(candidate, units, hidden, H, rows, H, hiddenPanels, hiddenScales, 2, 1, H);
    } else {
      for (uint32_t i = 0; i < rows; i++) resetHiddenInt8(gates + i * stride, hidden + i * H, candidate + i * units, H);
      addGatesInt8(gates + 2 * units, stride, candidate, units, rows, H, hiddenPanels, hiddenScales, 2, 1, H);
    }
    for (uint32_t i = 0; i < rows; i++) {
      gruCellInt8(gates + i * stride, a->resetAfter ? candidate + i * units : 0, hidden + i * H, H);
    }
  }
}
