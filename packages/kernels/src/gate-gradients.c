#include "gate-layout.h"
#include "scratch.h"

// to [gates from `firstGate` on, each with `units` rows][rows] = those columns of the slab, from unit `unit` on: whole blocks,
// padding included. A slab row is read in one go, because the gates of a unit share cache lines.
static void packGateColumns(float *to, const float *slab, uint32_t width, uint32_t gates, uint32_t hiddenSize,
                            uint32_t firstGate, uint32_t gateCount, uint32_t unit, uint32_t units, uint32_t rows) {
  const uint32_t size = unitBlock(gates), rowsTogether = 32;
  for (uint32_t row = 0; row < rows; row += rowsTogether) {
    const uint32_t count = smaller(rowsTogether, rows - row);
    for (uint32_t i = 0; i < units; i += size) {
      for (uint32_t gate = 0; gate < gateCount; gate++) {
        GateRun run = gateRun(gates, hiddenSize, (unit + i) / size, firstGate + gate);
        transposeBlock(to + (size_t)(gate * units + i) * A_STRIDE + row, A_STRIDE,
                       slab + (size_t)row * width + run.column, width, count, size);
      }
    }
  }
}

// A product whose k runs over the packed rows: gradWeight = slab^T x, in PyTorch's order of gates.
KERNEL(gateWeightGradient, GateWeightGradientArgs) {
  Scratch *packed = (Scratch *)scratch;
  const uint32_t H = a->hiddenSize, width = slabWidth(a->gates, H), size = unitBlock(a->gates);
  const uint32_t unitsTogether = larger(size, ROW_BLOCK / a->gateCount / size * size);
  const uint32_t kBlocks = a->rows ? divideUp(a->rows, K_BLOCK) : 1;
  // Each part packs what it multiplies with all of its own: best the smaller of the two.
  const int byUnits = a->gateCount * H >= a->inputs;
  Range ownUnits = byUnits ? share(H, size, part, parts) : (Range){0, H};
  Range columns = byUnits ? (Range){0, a->inputs} : share(a->inputs, NR, part, parts);
  if (ownUnits.start == ownUnits.end) return;

  for (uint32_t column = columns.start; column < columns.end; column += COLUMN_BLOCK) {
    const uint32_t n = smaller(COLUMN_BLOCK, columns.end - column);
    uint32_t kStart = 0;
    for (uint32_t kBlock = 0; kBlock < kBlocks; kBlock++) {
      const uint32_t k = divideUp(a->rows - kStart, kBlocks - kBlock);
      const int continued = a->accumulate || kStart;
      packPanels(packed->b, k * NR, FLOATS(a->x) + (size_t)kStart * a->xStride + column, a->xStride, k, n, 0);
      for (uint32_t unit = ownUnits.start; unit < ownUnits.end; unit += unitsTogether) {
        const uint32_t units = smaller(unitsTogether, ownUnits.end - unit), padded = divideUp(units, size) * size;
        packGateColumns(packed->a, FLOATS(a->gateGradients) + (size_t)kStart * width, width, a->gates, H, a->firstGate,
                        a->gateCount, unit, padded, k);
        for (uint32_t gate = 0; gate < a->gateCount; gate++) {
          float *c = FLOATS(a->gradWeight) + (size_t)((a->firstGate + gate) * H + unit) * a->inputs + column;
          Product p = {
              .c = c,
              .a = packed->a + (size_t)gate * padded * A_STRIDE,
              .panels = packed->b,
              .start = continued ? c : 0,
              .m = units,
              .n = n,
              .k = k,
              .cStride = a->inputs,
              .aStride = A_STRIDE,
              .startStride = a->inputs,
              .panelStride = k * NR,
              .segments = 1,
          };
          multiply(&p);
        }
      }
      kStart += k;
    }
  }
}

// Sums of four rows at a time, so that a long column loses less than one chain would.
static void addColumns(float *sums, const float *slab, uint32_t width, uint32_t rows, uint32_t columns) {
  uint32_t row = 0;
  for (; row + 4 <= rows; row += 4, slab += 4 * (size_t)width) {
    for (uint32_t j = 0; j < columns; j += VL) {
      vf pair = load(slab + j) + load(slab + width + j);
      vf other = load(slab + 2 * (size_t)width + j) + load(slab + 3 * (size_t)width + j);
      store(sums + j, load(sums + j) + (pair + other));
    }
  }
  for (; row < rows; row++, slab += width) {
    for (uint32_t j = 0; j < columns; j += VL) store(sums + j, load(sums + j) + load(slab + j));
  }
}

KERNEL(gateBiasGradient, GateBiasGradientArgs) {
  float *sums = ((Scratch *)scratch)->a;
  const uint32_t width = slabWidth(a->gates, a->hiddenSize), blockWidth = unitBlock(a->gates) * a->gates;
  const uint32_t blocksTogether = 4096 / blockWidth;
  Range blocks = share(unitBlocks(a->gates, a->hiddenSize), 1, part, parts);
  for (uint32_t first = blocks.start; first < blocks.end; first += blocksTogether) {
    const uint32_t last = smaller(first + blocksTogether, blocks.end);
    const uint32_t columns = (last - first) * blockWidth;
    zeroFloats(sums, columns);
    addColumns(sums, FLOATS(a->gateGradients) + first * blockWidth, width, a->rows, columns);
    for (uint32_t block = first; block < last; block++) {
      for (uint32_t gate = 0; gate < a->gates; gate++) {
        GateRun run = gateRun(a->gates, a->hiddenSize, block, gate);
        float *to = FLOATS(a->gradBias) + gate * a->hiddenSize + run.unit;
        const float *from = sums + run.column - first * blockWidth;
        for (uint32_t i = 0; i < run.count; i++) to[i] = (a->accumulate ? to[i] : 0) + from[i];
      }
    }
  }
}
