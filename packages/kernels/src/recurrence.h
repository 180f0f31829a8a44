// What the recurrences share: the walk over time on packed rows, the state's way from step to step, and products on this part's
// batch rows. A part has some batch rows next to each other: rows dealt one by one would make every thread fetch ahead of itself what
// another is writing. They are sorted by length, so the longer ones are fewer to a part.
#pragma once
#include "gate-layout.h"

// One time step: packed rows first .. first + count - 1 are the batch rows 0 .. count - 1.
typedef struct {
  const int32_t *batchSizes;
  uint32_t steps, batch;
  uint32_t from, end; // this part's batch rows
  int descending;
  uint32_t time, first, count;
  uint32_t done;      // steps visited before this one
  uint32_t running;   // batch rows that had a step before this one
  uint32_t projected; // steps whose input part is already in the slab
} Walk;

// Time steps of all batch rows before `row` together.
static uint64_t stepsBefore(const Walk *w, uint32_t row) {
  uint64_t sum = 0;
  for (uint32_t t = 0; t < w->steps; t++) sum += smaller((uint32_t)w->batchSizes[t], row);
  return sum;
}

// The first batch row that does not belong to the first `parts` of `all` parts, which have about as many time steps each.
static uint32_t boundary(const Walk *w, uint32_t parts, uint32_t all) {
  if (parts == 0 || parts == all) return parts ? w->batch : 0;
  const uint64_t wanted = stepsBefore(w, w->batch) * parts / all;
  uint32_t low = 0, high = w->batch;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    // To the nearest: half of the row's own steps count.
    if (stepsBefore(w, middle) + stepsBefore(w, middle + 1) < 2 * wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

INLINE Walk startWalk(const int32_t *batchSizes, uint32_t steps, uint32_t batch, uint32_t rows, int descending,
                      uint32_t part, uint32_t parts) {
  Walk w = {.batchSizes = batchSizes, .steps = steps, .batch = batch, .descending = descending};
  w.from = boundary(&w, part, parts);
  w.end = boundary(&w, part + 1, parts);
  if (steps) {
    w.time = descending ? steps - 1 : 0;
    w.count = (uint32_t)batchSizes[w.time];
    w.first = descending ? rows - w.count : 0;
  }
  return w;
}

INLINE int walking(const Walk *w) { return w->done < w->steps; }

// Rows of the step after this one, 0 after the last.
INLINE uint32_t nextCount(const Walk *w) {
  if (w->done + 1 >= w->steps) return 0;
  return (uint32_t)w->batchSizes[w->descending ? w->time - 1 : w->time + 1];
}

INLINE uint32_t nextFirst(const Walk *w) { return w->descending ? w->first - nextCount(w) : w->first + w->count; }

INLINE void advance(Walk *w) {
  const uint32_t first = nextFirst(w), count = nextCount(w);
  w->running = w->count;
  w->first = first;
  w->count = count;
  w->time += w->descending ? -1u : 1u;
  w->done++;
}

// How many of the batch rows below `count` are this part's.
INLINE uint32_t ownRows(const Walk *w, uint32_t count) {
  const uint32_t end = smaller(count, w->end);
  return end > w->from ? end - w->from : 0;
}

// This part's batch rows from `first` to below `last`.
#define FOR_OWN_ROWS(b, w, first, last)                                                                       \
  for (uint32_t b = larger(first, (w)->from), b##End = smaller(last, (w)->end); b < b##End; b++)

static void copyState(float *to, const float *from, uint32_t count) {
  if (from) copyFloats(to, from, count);
  else zeroFloats(to, count);
}

// The state before this step, for the rows whose first step it is: previous [N, H] from initial [B, H], 0 where that is absent.
static void enterState(const Walk *w, float *previous, const float *initial, uint32_t hiddenSize) {
  FOR_OWN_ROWS(b, w, w->running, w->count) {
    copyState(previous + (size_t)(w->first + b) * hiddenSize, initial ? initial + (size_t)b * hiddenSize : 0, hiddenSize);
  }
}

// Rows of length 0 keep their initial state.
static void passState(const Walk *w, float *final, const float *initial, uint32_t hiddenSize) {
  FOR_OWN_ROWS(b, w, w->steps ? (uint32_t)w->batchSizes[0] : 0, w->batch) {
    copyState(final + (size_t)b * hiddenSize, initial ? initial + (size_t)b * hiddenSize : 0, hiddenSize);
  }
}

// Where the state after this step of batch row b goes: before the row's next step, or to the final state.
INLINE float *nextState(const Walk *w, float *previous, float *final, uint32_t b, uint32_t hiddenSize) {
  return b < nextCount(w) ? previous + (size_t)(nextFirst(w) + b) * hiddenSize : final + (size_t)b * hiddenSize;
}

// Multiplies this part's rows: p's a, c and start are those of batch row 0, its strides those between batch rows.
static void multiplyOwnRows(const Walk *w, uint32_t rows, Product p) {
  p.m = ownRows(w, rows);
  if (p.m == 0) return;
  p.a += (size_t)w->from * p.aStride;
  p.c += (size_t)w->from * p.cStride;
  if (p.start) p.start += (size_t)w->from * p.startStride;
  multiply(&p);
}

// Bias + x W_ih into the slab, for as many steps ahead as together fill a block of rows. The panels are gone through outside, the
// steps inside: both weights together are larger than the second cache, so W_ih is read once for all these steps.
static void projectInputs(Walk *w, float *gates, const float *x, uint32_t xStride, const float *panels, const float *bias,
                          uint32_t width, uint32_t inputSize) {
  if (w->done < w->projected) return;
  Walk after = *w;
  uint32_t first = w->first, rows = 0;
  do {
    first = smaller(first, after.first);
    rows += ownRows(w, after.count);
    advance(&after);
  } while (walking(&after) && rows + ownRows(w, after.count) <= ROW_BLOCK);
  w->projected = after.done;
  Product p = {
      .panels = panels,
      .start = bias,
      .n = width,
      .k = inputSize,
      .cStride = width,
      .aStride = xStride,
      .panelStride = inputSize * NR,
      .segments = 1,
  };
  if (w->from == 0 && w->end == w->batch) {
    // All rows of these steps: one product.
    p.c = gates + (size_t)first * width;
    p.a = x + (size_t)first * xStride;
    p.m = rows;
    multiply(&p);
    return;
  }
  const uint32_t together = 4 * NR;
  for (uint32_t column = 0; column < width; column += together) {
    p.n = smaller(together, width - column);
    p.panels = panels + (size_t)column * inputSize;
    p.start = bias ? bias + column : 0;
    for (Walk ahead = *w; ahead.done < after.done; advance(&ahead)) {
      p.c = gates + (size_t)ahead.first * width + column;
      p.a = x + (size_t)ahead.first * xStride;
      multiplyOwnRows(w, ahead.count, p);
    }
  }
}

// Makes vanished state gradients [rows, H] zero, where denormals would crawl.
static void flushOwnRows(const Walk *w, float *values, uint32_t hiddenSize) {
  FOR_OWN_ROWS(b, w, 0, w->count) {
    float *row = values + (size_t)b * hiddenSize;
    for (uint32_t j = 0; j < hiddenSize; j += VL) {
      const uint32_t lanes = hiddenSize - j;
      storePart(row + j, flush(loadPart(row + j, lanes, 0)), lanes);
    }
  }
}

// Starts a carried gradient [B, H] at the gradient of the final state, or at 0.
static void startGradient(const Walk *w, float *carried, const float *final, uint32_t hiddenSize) {
  FOR_OWN_ROWS(b, w, 0, w->batch) {
    copyState(carried + (size_t)b * hiddenSize, final ? final + (size_t)b * hiddenSize : 0, hiddenSize);
  }
}
