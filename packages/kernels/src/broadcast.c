// Elementwise kernels on strided boxes of six axes, the last one fastest.
#include "kernel.h"

#define AXES 6

typedef struct {
  uint32_t sizes[AXES];
  int32_t first[AXES], second[AXES];  // strides of the two operands, in elements
} Box;

// Reads a plan and merges axes that are one longer axis for both operands, so that the innermost loop is long.
static Box readPlan(const int32_t *plan) {
  Box box;
  int last = AXES;
  for (int axis = AXES - 1; axis >= 0; axis--) {
    const uint32_t size = (uint32_t)plan[axis];
    const int32_t first = plan[AXES + axis], second = plan[2 * AXES + axis];
    if (size == 1) continue;
    if (last < AXES && first == box.first[last] * (int32_t)box.sizes[last] &&
        second == box.second[last] * (int32_t)box.sizes[last]) {
      box.sizes[last] *= size;
      continue;
    }
    last--;
    box.sizes[last] = size;
    box.first[last] = first;
    box.second[last] = second;
  }
  while (last > 0) {
    last--;
    box.sizes[last] = 1;
    box.first[last] = box.second[last] = 0;
  }
  return box;
}

// The outer five axes, as an odometer.
typedef struct {
  uint32_t index[AXES - 1];
  int32_t first, second;
} Position;

static int moveOn(const Box *box, Position *at) {
  for (int axis = AXES - 2; axis >= 0; axis--) {
    at->first += box->first[axis];
    at->second += box->second[axis];
    if (++at->index[axis] < box->sizes[axis]) return 1;
    at->first -= box->first[axis] * (int32_t)box->sizes[axis];
    at->second -= box->second[axis] * (int32_t)box->sizes[axis];
    at->index[axis] = 0;
  }
  return 0;
}

// Lines along the last axis, all others counted together.
static uint32_t linesOf(const Box *box) {
  uint32_t lines = 1;
  for (int axis = 0; axis < AXES - 1; axis++) lines *= box->sizes[axis];
  return lines;
}

static Position positionAt(const Box *box, uint32_t line) {
  Position at = {0};
  for (int axis = AXES - 2; axis >= 0; axis--) {
    at.index[axis] = line % box->sizes[axis];
    line /= box->sizes[axis];
    at.first += (int32_t)at.index[axis] * box->first[axis];
    at.second += (int32_t)at.index[axis] * box->second[axis];
  }
  return at;
}

// What a part has: lines, or, where there are fewer of those than parts, a stretch of each.
typedef struct {
  Range lines, inner;
} BoxShare;

static BoxShare shareBox(const Box *box, uint32_t part, uint32_t parts) {
  const uint32_t lines = linesOf(box), count = box->sizes[AXES - 1];
  if (lines >= parts) return (BoxShare){share(lines, 1, part, parts), {0, count}};
  return (BoxShare){{0, lines}, share(count, 16, part, parts)};
}

static int isEmpty(const Box *box) {
  for (int axis = 0; axis < AXES; axis++) {
    if (box->sizes[axis] == 0) return 1;
  }
  return 0;
}

enum { ADD, SUBTRACT, MULTIPLY, DIVIDE };

INLINE vf combine(uint32_t operation, vf a, vf b) {
  switch (operation) {
    case ADD: return a + b;
    case SUBTRACT: return a - b;
    case MULTIPLY: return a * b;
    default: return a / b;
  }
}

// VL elements `stride` apart, of which `lanes` are there.
INLINE vf gather(const float *p, int32_t stride, uint32_t lanes) {
  if (stride == 1) return loadPart(p, lanes, 1);
  if (stride == 0) return splat(*p);
  float values[VL];
  for (uint32_t i = 0; i < VL; i++) values[i] = i < lanes ? p[(int32_t)i * stride] : 1;
  return load(values);
}

KERNEL(binary, BinaryArgs) {
  Box box = readPlan(INTS(a->plan));
  if (isEmpty(&box)) return;
  const uint32_t count = box.sizes[AXES - 1];
  const int32_t aStride = box.first[AXES - 1], bStride = box.second[AXES - 1];
  const BoxShare own = shareBox(&box, part, parts);
  if (own.inner.start == own.inner.end) return;
  Position at = positionAt(&box, own.lines.start);
  for (uint32_t line = own.lines.start; line < own.lines.end; line++, moveOn(&box, &at)) {
    const float *left = FLOATS(a->a) + at.first, *right = FLOATS(a->b) + at.second;
    float *out = FLOATS(a->out) + (size_t)line * count;
    for (uint32_t i = own.inner.start; i < own.inner.end; i += VL) {
      const uint32_t lanes = own.inner.end - i;
      vf value = combine(a->operation, gather(left + (int32_t)i * aStride, aStride, lanes),
                         gather(right + (int32_t)i * bStride, bStride, lanes));
      if (a->accumulate) value += loadPart(out + i, lanes, 0);
      storePart(out + i, value, lanes);
    }
  }
}

// The sum of a line, in double.
static double sumLine(const float *x, int32_t stride, uint32_t count) {
  double sum = 0;
  for (uint32_t i = 0; i < count; i++) sum += x[(int32_t)i * stride];
  return sum;
}

// Whether an element of out belongs to several elements of x: then one part does it all, in order.
static int gathers(const Box *box) {
  for (int axis = 0; axis < AXES; axis++) {
    if (box->sizes[axis] > 1 && box->first[axis] == 0) return 1;
  }
  return 0;
}

KERNEL(stridedCopy, StridedCopyArgs) {
  Box box = readPlan(INTS(a->plan));
  if (isEmpty(&box)) return;
  const int alone = gathers(&box);
  if (alone && part) return;
  const int32_t outStride = box.first[AXES - 1], xStride = box.second[AXES - 1];
  const BoxShare own = shareBox(&box, part, alone ? 1 : parts);
  const uint32_t first = own.inner.start, end = own.inner.end;
  if (first == end) return;
  Position at = positionAt(&box, own.lines.start);
  for (uint32_t line = own.lines.start; line < own.lines.end; line++, moveOn(&box, &at)) {
    float *out = FLOATS(a->out) + at.first;
    const float *x = FLOATS(a->x) + at.second;
    if (a->accumulate && outStride == 0) {
      *out = (float)(*out + sumLine(x, xStride, end));
    } else if (outStride == 1 && (xStride == 1 || xStride == 0)) {
      for (uint32_t i = first; i < end; i += VL) {
        const uint32_t lanes = end - i;
        vf value = gather(x + (int32_t)i * xStride, xStride, lanes);
        if (a->accumulate) value += loadPart(out + i, lanes, 0);
        storePart(out + i, value, lanes);
      }
    } else if (a->accumulate) {
      for (uint32_t i = first; i < end; i++) out[(int32_t)i * outStride] += x[(int32_t)i * xStride];
    } else {
      for (uint32_t i = first; i < end; i++) out[(int32_t)i * outStride] = x[(int32_t)i * xStride];
    }
  }
}
