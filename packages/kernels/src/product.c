#include "product.h"

// Tiles of one panel and up to MAX_ROWS rows: as many as the registers hold. With few rows there is room for more panels, whose
// independent chains hide the latency of an FMA. In wasm fewer: V8 may load all vectors of a step before the first FMA, and one sum that it
// then has no register for is enough to make the tile less than half as fast.
#ifdef __wasm__
#define ONE_ROW 3
#define THREE_ROWS 1
#else
#define ONE_ROW 4
#define THREE_ROWS 2
#endif
#define ROWS 1
#define PANELS 1
#include "tile.h"
#define ROWS 1
#define PANELS 2
#include "tile.h"
#define ROWS 1
#define PANELS ONE_ROW
#include "tile.h"
#define ROWS 2
#define PANELS 1
#include "tile.h"
#define ROWS 2
#define PANELS 2
#include "tile.h"
#define ROWS 3
#define PANELS 1
#include "tile.h"
#if THREE_ROWS > 1
#define ROWS 3
#define PANELS THREE_ROWS
#include "tile.h"
#endif
#define ROWS 4
#define PANELS 1
#include "tile.h"
#define ROWS 5
#define PANELS 1
#include "tile.h"
#define ROWS 6
#define PANELS 1
#include "tile.h"
#if VL == 16
#define MAX_ROWS 12
#define ROWS 7
#define PANELS 1
#include "tile.h"
#define ROWS 8
#define PANELS 1
#include "tile.h"
#define ROWS 9
#define PANELS 1
#include "tile.h"
#define ROWS 10
#define PANELS 1
#include "tile.h"
#define ROWS 11
#define PANELS 1
#include "tile.h"
#define ROWS 12
#define PANELS 1
#include "tile.h"
#else
#define MAX_ROWS 6
#endif

#define TILE(shape) tile##shape(p, c, cStride, start, startStride, a, panel, k)

static void runTile(const Product *p, uint32_t rows, uint32_t panels, float *c, uint32_t cStride, const float *start,
                    uint32_t startStride, const float *a, const float *panel, uint32_t k) {
  switch (rows) {
#ifdef __wasm__
    case 1: return panels == 1 ? TILE(1x1) : panels == 2 ? TILE(1x2) : TILE(1x3);
    case 3: return TILE(3x1);
#else
    case 1: return panels == 1 ? TILE(1x1) : panels == 2 ? TILE(1x2) : TILE(1x4);
    case 3: return panels == 1 ? TILE(3x1) : TILE(3x2);
#endif
    case 2: return panels == 1 ? TILE(2x1) : TILE(2x2);
    case 4: return TILE(4x1);
    case 5: return TILE(5x1);
    case 6: return TILE(6x1);
#if MAX_ROWS > 6
    case 7: return TILE(7x1);
    case 8: return TILE(8x1);
    case 9: return TILE(9x1);
    case 10: return TILE(10x1);
    case 11: return TILE(11x1);
    case 12: return TILE(12x1);
#endif
  }
}

// The last panel where n ends inside it: the same tile, with C in a buffer of whole panels.
static void runPartialTile(const Product *p, uint32_t rows, uint32_t columns, float *c, const float *start,
                           uint32_t startStride, const float *a, const float *panel, uint32_t k) {
  float whole[MAX_ROWS * NR];
  if (start) {
    for (uint32_t i = 0; i < rows; i++) {
      for (uint32_t j = 0; j < NR; j++) whole[i * NR + j] = j < columns ? start[i * startStride + j] : 0;
    }
  }
  runTile(p, rows, 1, whole, NR, start ? whole : 0, NR, a, panel, k);
  for (uint32_t i = 0; i < rows; i++) {
    for (uint32_t j = 0; j < columns; j++) c[i * p->cStride + j] = whole[i * NR + j];
  }
}

// Rows of C that the next tile starts from, or writes: they come from the third cache or beyond while this tile is computed.
INLINE void prefetchRows(const float *c, uint32_t stride, uint32_t rows) {
  for (uint32_t i = 0; i < rows; i++) PREFETCH(c + (size_t)i * stride, NR);
}

// All panels for the rows from `row` on: the panels outside, the rows inside, so that a panel is read from the second cache once.
static void multiplyBlock(const Product *p, uint32_t row, uint32_t rows, size_t aStart, size_t panelStart, uint32_t k) {
  const float *start = panelStart ? p->c : p->start;
  const uint32_t startStride = panelStart ? p->cStride : p->startStride;
  const uint32_t tiles = divideUp(rows, MAX_ROWS);
  const uint32_t together = rows == 1 ? ONE_ROW : rows == 2 ? 2 : rows == 3 ? THREE_ROWS : 1;
  for (uint32_t column = 0; column < p->n;) {
    const uint32_t columns = p->n - column;
    const uint32_t whole = columns / NR;
    const uint32_t panels = whole >= together ? together : rows == 1 && whole >= 2 ? 2 : 1;
    const float *panel = p->panels + (size_t)(column / NR) * p->panelStride + panelStart;
    uint32_t i = row, left = rows;
    for (uint32_t tile = 0; tile < tiles; tile++) {
      // Even shares: 32 rows run as 6, 6, 5, 5, 5, 5.
      const uint32_t height = divideUp(left, tiles - tile);
      const float *a = p->a + (size_t)i * p->aStride + aStart;
      const float *from = start ? start + (size_t)i * startStride + column : 0;
      float *c = p->c + (size_t)i * p->cStride + column;
      const int last = tile + 1 == tiles;
      prefetchRows(last ? p->c + (size_t)row * p->cStride + column + panels * NR : c + (size_t)height * p->cStride, p->cStride,
                   height);
      if (columns < NR) runPartialTile(p, height, columns, c, from, startStride, a, panel, k);
      else runTile(p, height, panels, c, p->cStride, from, startStride, a, panel, k);
      i += height;
      left -= height;
    }
    column += panels * NR;
  }
}

static void multiply(const Product *p) {
  const uint32_t kBlocks = p->k ? divideUp(p->k, K_BLOCK) : 1;
  const uint32_t rowBlocks = divideUp(p->m, ROW_BLOCK);
  uint32_t row = 0;
  for (uint32_t block = 0; block < rowBlocks; block++) {
    const uint32_t rows = divideUp(p->m - row, rowBlocks - block);
    size_t a = 0, panel = 0;
    for (uint32_t segment = 0; segment < p->segments; segment++) {
      uint32_t left = p->k;
      for (uint32_t kBlock = 0; kBlock < kBlocks; kBlock++) {
        const uint32_t k = divideUp(left, kBlocks - kBlock);
        multiplyBlock(p, row, rows, a, panel, k);
        a += k;
        panel += k * NR;
        left -= k;
      }
      a += p->aSkip;
      panel += p->panelSkip;
    }
    row += rows;
  }
}
