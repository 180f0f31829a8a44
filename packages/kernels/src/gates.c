#include "gate-layout.h"

// x W^T: slab columns are the panels' columns.
static void packForward(float *panels, const float *weight, uint32_t gates, uint32_t hiddenSize, uint32_t inputs,
                        Range blocks) {
  for (uint32_t block = blocks.start; block < blocks.end; block++) {
    for (uint32_t gate = 0; gate < gates; gate++) {
      GateRun run = gateRun(gates, hiddenSize, block, gate);
      float *to = panels + (size_t)(run.column / NR) * inputs * NR + run.column % NR;
      const uint32_t units = unitBlock(gates);
      for (uint32_t k = 0; run.count < units && k < inputs; k++) {
        for (uint32_t i = run.count; i < units; i++) to[(size_t)k * NR + i] = 0;
      }
      transposeBlock(to, NR, weight + (size_t)(gate * hiddenSize + run.unit) * inputs, inputs, run.count, inputs);
    }
  }
}

// Gate gradients times W: slab columns are the panels' rows.
static void packBackward(float *panels, const float *weight, uint32_t gates, uint32_t hiddenSize, uint32_t inputs,
                         Range blocks) {
  const uint32_t units = unitBlock(gates), panelStride = slabWidth(gates, hiddenSize) * NR;
  for (uint32_t block = blocks.start; block < blocks.end; block++) {
    for (uint32_t gate = 0; gate < gates; gate++) {
      GateRun run = gateRun(gates, hiddenSize, block, gate);
      float *to = panels + (size_t)run.column * NR;
      packPanels(to, panelStride, weight + (size_t)(gate * hiddenSize + run.unit) * inputs, inputs, run.count, inputs, 0);
      for (uint32_t column = 0; column < inputs; column += NR, to += panelStride) {
        zeroFloats(to + run.count * NR, (units - run.count) * NR);
      }
    }
  }
}

KERNEL(packGates, PackGatesArgs) {
  Range blocks = share(unitBlocks(a->gates, a->hiddenSize), 1, part, parts);
  (a->transpose ? packBackward : packForward)(FLOATS(a->panels), FLOATS(a->weight), a->gates, a->hiddenSize, a->inputs,
                                              blocks);
}

KERNEL(packGateBias, PackGateBiasArgs) {
  if (part) return;
  const float *input = FLOATS_OR_NULL(a->biasInput), *hidden = FLOATS_OR_NULL(a->biasHidden);
  float *out = FLOATS(a->out);
  zeroFloats(out, slabWidth(a->gates, a->hiddenSize));
  for (uint32_t block = 0; block < unitBlocks(a->gates, a->hiddenSize); block++) {
    for (uint32_t gate = 0; gate < a->gates; gate++) {
      GateRun run = gateRun(a->gates, a->hiddenSize, block, gate);
      for (uint32_t i = 0; i < run.count; i++) {
        const uint32_t at = gate * a->hiddenSize + run.unit + i;
        out[run.column + i] = (input ? input[at] : 0) + (hidden && gate < a->hiddenGates ? hidden[at] : 0);
      }
    }
  }
}

KERNEL(unpackGates, UnpackGatesArgs) {
  const uint32_t width = slabWidth(a->gates, a->hiddenSize);
  Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    float *out = FLOATS(a->out) + (size_t)row * a->gates * a->hiddenSize;
    const float *slab = FLOATS(a->slab) + (size_t)row * width;
    for (uint32_t block = 0; block < unitBlocks(a->gates, a->hiddenSize); block++) {
      for (uint32_t gate = 0; gate < a->gates; gate++) {
        GateRun run = gateRun(a->gates, a->hiddenSize, block, gate);
        copyFloats(out + gate * a->hiddenSize + run.unit, slab + run.column, run.count);
      }
    }
  }
}
