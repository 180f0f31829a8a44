// The gate slab: one row for each packed row, the gates of UNIT_BLOCK units side by side.
//
//   block 0: [gate 0 of units 0..u) [gate 1 of units 0..u) ...   block 1: [gate 0 of units u..2u) ...        u = unitBlock(G)
//
// A block of units is a whole number of panels, so that all gates of a unit are near each other and every product is on whole
// panels. The last block is padded to u units, and the padding is always zero.
#pragma once
#include "product.h"

INLINE uint32_t unitBlock(uint32_t gates) { return gates * VL % NR == 0 ? VL : NR; }
INLINE uint32_t unitBlocks(uint32_t gates, uint32_t hiddenSize) { return divideUp(hiddenSize, unitBlock(gates)); }
INLINE uint32_t slabWidth(uint32_t gates, uint32_t hiddenSize) {
  return unitBlocks(gates, hiddenSize) * unitBlock(gates) * gates;
}

// A run of units in a slab row: where gate `gate` of block `block` starts, and how many of its units are real.
typedef struct {
  uint32_t column, unit, count;
} GateRun;

INLINE GateRun gateRun(uint32_t gates, uint32_t hiddenSize, uint32_t block, uint32_t gate) {
  const uint32_t units = unitBlock(gates);
  return (GateRun){(block * gates + gate) * units, block * units, smaller(units, hiddenSize - block * units)};
}

// Zeroes the vectors of a slab row's last block that lie wholly in its padding. (A vector partly in it is masked when stored.)
INLINE void clearPadding(float *row, uint32_t gates, uint32_t hiddenSize) {
  const uint32_t units = unitBlock(gates), block = unitBlocks(gates, hiddenSize) - 1;
  const uint32_t used = divideUp(hiddenSize - block * units, VL) * VL;
  for (uint32_t gate = 0; used < units && gate < gates; gate++) {
    zeroFloats(row + (block * gates + gate) * units + used, units - used);
  }
}
