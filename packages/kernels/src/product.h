// Matrix products on packed panels: what gemm and all the recurrences are made of.
//
// Panels: a K x N matrix in strips of NR columns, each strip K rows of NR contiguous floats, the last strip padded with
// zeros. A row of A stays as it is. Every element of C is one chain of FMAs over k in order, whatever the tile it falls in.
#pragma once
#include "kernel.h"

#define PANEL_VECTORS 2
#define NR (PANEL_VECTORS * VL)

// Blocks of k, so that a panel and a tile's rows of A stay in the first cache, and of rows, so that their part of A stays in the second.
#define K_BLOCK 256
#define ROW_BLOCK 128

typedef struct {
  float *c;
  const float *a;
  const float *panels;
  const float *start;    // where the chains start: rows of floats (c itself, or a bias with startStride 0); NULL: at 0
  uint32_t m, n, k;
  uint32_t cStride, aStride, startStride;
  uint32_t panelStride;  // floats from one panel to the next
  // k may run over evenly spaced segments: `segments` of `k` each, with so many floats of A and of a panel passed over between.
  uint32_t segments, aSkip, panelSkip;
} Product;

static void multiply(const Product *p);

// Packs B [k, n] (transposed: stored [n, k]) into panels panelStride apart.
static void packPanels(float *panels, uint32_t panelStride, const float *b, uint32_t bStride, uint32_t k, uint32_t n,
                       int transposed);

// to [columns, rows] = the transpose of from [rows, columns].
static void transposeBlock(float *to, uint32_t toStride, const float *from, uint32_t fromStride, uint32_t rows,
                           uint32_t columns);
