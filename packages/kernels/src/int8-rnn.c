#include "activations.h"
#include "int8-step.h"

KERNEL(rnnStepInt8, RnnStepInt8Args) {
  const uint32_t H = a->hiddenSize, stride = paddedUnits(H);
  Range own = share(a->rows, 1, part, parts);
  for (uint32_t row = own.start; row < own.end; row += ROWS_TOGETHER) {
    const uint32_t rows = smaller(ROWS_TOGETHER, own.end - row);
    float *gates = FLOATS(a->gates) + (size_t)row * stride, *hidden = FLOATS(a->hidden) + (size_t)row * H;
    startGates(gates, stride, rows, FLOATS_OR_NULL(a->bias), 1, H);
    addGatesInt8(gates, stride, FLOATS(a->x) + (size_t)row * a->inputSize, a->inputSize, rows, a->inputSize,
                 BYTES(a->inputPanels), FLOATS(a->inputScales), 0, 1, H);
    addGatesInt8(gates, stride, hidden, H, rows, H, BYTES(a->hiddenPanels), FLOATS(a->hiddenScales), 0, 1, H);
    for (uint32_t i = 0; i < rows; i++) {
      for (uint32_t j = 0; j < H; j += VL) {
        vf sum = load(gates + i * stride + j);
        vf h = a->relu ? (vf)((vi)sum & ~(sum <= 0.0f)) : tanhVector(sum);
        storePart(hidden + i * H + j, flush(h), H - j);
      }
    }
  }
}
