// A thread's scratch area: blocks of A and B packed by the kernels whose operands are not packed beforehand.
#pragma once
#include "product.h"

#define COLUMN_BLOCK 256
// Some way off a power of two, so that a tile's rows fall in different sets of the cache.
#define A_STRIDE (K_BLOCK + 16)

typedef struct {
  float b[K_BLOCK * COLUMN_BLOCK];
  float a[ROW_BLOCK * A_STRIDE];
} Scratch;
