#include "activations.h"
#include "int8-step.h"

static void lstmCellInt8(const float *gates, float *cell, float *hidden, uint32_t hiddenSize) {
  const uint32_t units = paddedUnits(hiddenSize);
  for (uint32_t j = 0; j < hiddenSize; j += VL) {
    const uint32_t lanes = hiddenSize - j;
    vf input = sigmoidVector(load(gates + j));
    vf forget = sigmoidVector(load(gates + units + j));
    vf content = tanhVector(load(gates + 2 * units + j));
    vf out = sigmoidVector(load(gates + 3 * units + j));
    vf c = flush(FMA(forget, loadPart(cell + j, lanes, 0), input * content));
    storePart(cell + j, c, lanes);
    storePart(hidden + j, flush(out * tanhVector(c)), lanes);
  }
}

KERNEL(lstmStepInt8, LstmStepInt8Args) {
  const uint32_t H = a->hiddenSize, stride = 4 * paddedUnits(H);
  Range own = share(a->rows, 1, part, parts);
  for (uint32_t row = own.start; row < own.end; row += ROWS_TOGETHER) {
    const uint32_t rows = smaller(ROWS_TOGETHER, own.end - row);
    float *gates = FLOATS(a->gates) + (size_t)row * stride;
    float *hidden = FLOATS(a->hidden) + (size_t)row * H, *cell = FLOATS(a->cell) + (size_t)row * H;
    startGates(gates, stride, rows, FLOATS_OR_NULL(a->bias), 4, H);
    addGatesInt8(gates, stride, FLOATS(a->x) + (size_t)row * a->inputSize, a->inputSize, rows, a->inputSize,
                 BYTES(a->inputPanels), FLOATS(a->inputScales), 0, 4, H);
    addGatesInt8(gates, stride, hidden, H, rows, H, BYTES(a->hiddenPanels), FLOATS(a->hiddenScales), 0, 4, H);
    for (uint32_t i = 0; i < rows; i++) lstmCellInt8(gates + i * stride, cell + i * H, hidden + i * H, H);
  }
}
