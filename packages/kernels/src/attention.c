// Attention of rows [q | k | v] to one another: one head of one sequence at a time, in a workspace of the part's own. Scores are products
// on panels like all others; a softmax row adds up in lanes that belong to absolute positions, so that a row has the same bits
// whichever keys lie in front of those it sees.
#include "product.h"
#include "softmax.h"

#define QUERIES 32
// Every vector's width divides it.
#define LANES 16
#define WHOLE(n) (divideUp(n, 32) * 32)

typedef struct {
  const float *x, *keys, *values;  // the sequence's rows at this head: queries; all keys and values, past ones first
  uint32_t xStride, keyStride;
  uint32_t rows, past, all;        // queries, keys before the first of them, keys
  uint32_t firstPosition;          // of the first key
  size_t firstRow, firstPast;      // of the sequence in x, and of its past
  size_t column;                   // of the head in a row of q, k or v
  float *room;                     // what is left of the workspace
} Head;

static float *take(Head *head, size_t count) {
  float *room = head->room;
  head->room += count;
  return room;
}

// Past keys and values lie elsewhere than the sequence's own: together they are copied.
static const float *joined(Head *head, const float *past, uint32_t pastStride, const float *own, uint32_t size) {
  float *out = take(head, (size_t)head->all * size);
  for (uint32_t j = 0; j < head->all; j++) {
    const float *from = j < head->past ? past + (size_t)j * pastStride : own + (size_t)(j - head->past) * head->xStride;
    copyFloats(out + (size_t)j * size, from, size);
  }
  return out;
}

static Head headAt(char *heap, const AttentionForwardArgs *a, uint32_t item, uint32_t part) {
  const int32_t *sequence = INTS(a->sequences) + item / a->heads * 5;
  const uint32_t d = a->headSize, width = a->heads * d;
  Head head = {.xStride = 3 * width,
               .keyStride = 3 * width,
               .firstRow = (uint32_t)sequence[0],
               .rows = (uint32_t)sequence[1],
               .past = (uint32_t)sequence[4],
               .all = (uint32_t)(sequence[1] + sequence[4]),
               .firstPast = (size_t)sequence[3],
               .firstPosition = (uint32_t)(sequence[2] - sequence[4]),
               .column = item % a->heads * d,
               .room = FLOATS(a->workspace) + (size_t)(part % a->workspaces) * a->workspaceSize};
  head.x = FLOATS(a->x) + head.firstRow * head.xStride + head.column;
  head.keys = head.x + width;
  head.values = head.keys + width;
  if (head.past) {
    const float *past = FLOATS(a->past) + head.firstPast * 2 * width + head.column;
    head.keys = joined(&head, past, 2 * width, head.keys, d);
    head.values = joined(&head, past + width, 2 * width, head.values, d);
    head.keyStride = d;
  }
  return head;
}

// The keys that query i sees.
INLINE Range seen(const AttentionForwardArgs *a, const Head *head, uint32_t i) {
  const uint32_t end = a->causal ? head->past + i + 1 : head->all;
  return (Range){a->causal && end > a->context ? end - a->context : 0, end};
}

// Those that any of `count` queries from `first` on sees.
INLINE Range seenByAny(const AttentionForwardArgs *a, const Head *head, uint32_t first, uint32_t count) {
  return (Range){seen(a, head, first).start, seen(a, head, first + count - 1).end};
}

static void product(float *c, uint32_t cStride, const float *left, uint32_t aStride, const float *panels,
                    uint32_t panelStride, uint32_t m, uint32_t n, uint32_t k, int accumulate) {
  const Product p = {.c = c, .a = left, .panels = panels, .start = accumulate ? c : 0, .m = m, .n = n, .k = k,
                     .cStride = cStride, .aStride = aStride, .startStride = cStride, .panelStride = panelStride, .segments = 1};
  multiply(&p);
}

// Weights exp(scale * (score - largest)) of the columns `own`, 0 in those around them. Returns their sum, and the log of the normaliser.
static float weigh(float *scores, Range own, Range all, float scale, float *logNormalizer) {
  const uint32_t start = own.start / LANES * LANES, end = divideUp(own.end, LANES) * LANES;
  const float largest = largestOf(scores + own.start, own.end - own.start);
  for (uint32_t c = start; c < own.start; c++) scores[c] = -__builtin_inff();
  for (uint32_t c = own.end; c < end; c++) scores[c] = -__builtin_inff();
  vf sum = {0};
  for (uint32_t c = start; c < end; c += VL) {
    vf weight = expVector((load(scores + c) - splat(largest)) * splat(scale));
    store(scores + c, weight);
    sum += weight;
  }
  if (all.start < start) zeroFloats(scores + all.start, start - all.start);
  if (end < all.end) zeroFloats(scores + end, all.end - end);
  const float total = (float)sumLanes(sum);
  *logNormalizer = largest * scale + logVector(splat(total))[0];
  return total;
}

static void attend(const AttentionForwardArgs *a, Head *head, float *out, float *logNormalizers) {
  const uint32_t d = a->headSize, width = a->heads * d, stride = WHOLE(head->all) + 2 * LANES;
  const float scale = (float)a->scale;
  float *keys = take(head, (size_t)d * WHOLE(head->all)), *values = take(head, (size_t)head->all * WHOLE(d));
  float *scores = take(head, QUERIES * (size_t)stride);
  packPanels(keys, d * NR, head->keys, head->keyStride, d, head->all, 1);
  packPanels(values, head->all * NR, head->values, head->keyStride, head->all, d, 0);
  for (uint32_t first = 0; first < head->rows; first += QUERIES) {
    const uint32_t count = smaller(QUERIES, head->rows - first);
    const Range any = seenByAny(a, head, first, count);
    const uint32_t start = any.start / NR * NR, n = any.end - start;
    // The column of key `start`: columns are absolute positions, modulo LANES.
    const uint32_t lead = (head->firstPosition + start) % LANES;
    product(scores + lead, stride, head->x + (size_t)first * head->xStride, head->xStride, keys + (size_t)start * d, d * NR,
            count, n, d, 0);
    float *rows = out + first * (size_t)width, totals[QUERIES];
    for (uint32_t i = 0; i < count; i++) {
      const Range own = seen(a, head, first + i);
      const Range columns = {own.start - start + lead, own.end - start + lead};
      float logNormalizer;
      totals[i] = weigh(scores + i * (size_t)stride, columns, (Range){lead, lead + n}, scale, &logNormalizer);
      if (logNormalizers) logNormalizers[(first + i) * a->heads] = logNormalizer;
    }
    product(rows, width, scores + lead, stride, values + (size_t)start * NR, head->all * NR, count, d, n, 0);
    for (uint32_t i = 0; i < count; i++) {
      for (uint32_t c = 0; c < d; c += VL) {
        float *at = rows + i * (size_t)width + c;
        storePart(at, loadPart(at, d - c, 0) / splat(totals[i]), d - c);
      }
    }
  }
}

KERNEL(attentionForward, AttentionForwardArgs) {
  const Range items = share(a->sequenceCount * a->heads, 1, part, parts);
  for (uint32_t item = items.start; item < items.end; item++) {
    Head head = headAt(heap, a, item, part);
    float *logNormalizers = FLOATS_OR_NULL(a->logNormalizer);
    if (logNormalizers) logNormalizers += head.firstRow * a->heads + item % a->heads;
    attend(a, &head, FLOATS(a->out) + head.firstRow * a->heads * a->headSize + head.column, logNormalizers);
  }
}

// For `n` keys from `first` on: weights [n, QUERIES] from scores, and the scores' gradients from those of the weights.
static void differentiateScores(const AttentionForwardArgs *a, const Head *head, float *weights, float *gradients, uint32_t firstKey,
                                uint32_t n, uint32_t firstQuery, const float *logNormalizers, const float *deltas) {
  const vf scale = splat((float)a->scale);
  int32_t lane[VL];
  for (int32_t i = 0; i < VL; i++) lane[i] = i;
  vi lanes;
  __builtin_memcpy(&lanes, lane, sizeof lane);
  for (uint32_t j = 0; j < n; j++) {
    // Queries that see this key, counted from firstQuery.
    const int32_t own = (int32_t)(firstKey + j) - (int32_t)head->past - (int32_t)firstQuery;
    const int32_t from = a->causal ? own : 0, end = a->causal ? own + (int32_t)a->context : QUERIES;
    for (int32_t i = 0; i < QUERIES; i += VL) {
      float *weight = weights + j * QUERIES + i, *gradient = gradients + j * QUERIES + i;
      const vi sees = (lanes + i >= splatBits(from)) & (lanes + i < splatBits(end));
      const vf p = (vf)((vi)expVector(load(weight) * scale - load(logNormalizers + i)) & sees);
      store(weight, p);
      store(gradient, (vf)((vi)(p * (load(gradient) - load(deltas + i)) * scale) & sees));
    }
  }
}

static void attendBack(char *heap, const AttentionBackwardArgs *b, Head *head) {
  const AttentionForwardArgs *a = (const AttentionForwardArgs *)b;
  const uint32_t d = a->headSize, width = a->heads * d, stride = head->xStride;
  const float *out = FLOATS(a->out) + head->firstRow * width + head->column;
  const float *gradOut = FLOATS(b->gradOut) + head->firstRow * width + head->column;
  const float *logNormalizer = FLOATS(a->logNormalizer) + head->firstRow * a->heads + head->column / d;
  float *gradX = FLOATS(b->gradX) + head->firstRow * stride + head->column;
  float *keys = take(head, (size_t)head->all * WHOLE(d));
  float *weights = take(head, (size_t)head->all * QUERIES), *gradients = take(head, (size_t)head->all * QUERIES);
  float *gradientRows = take(head, (size_t)head->all * QUERIES);
  float *panels = take(head, QUERIES * (size_t)WHOLE(d)), *logNormalizers = take(head, QUERIES), *deltas = take(head, QUERIES);
  packPanels(keys, head->all * NR, head->keys, head->keyStride, head->all, d, 0);
  for (uint32_t i = 0; i < head->rows; i++) {
    zeroFloats(gradX + i * (size_t)stride + width, d);
    zeroFloats(gradX + i * (size_t)stride + 2 * width, d);
  }
  for (uint32_t first = 0; first < head->rows; first += QUERIES) {
    const uint32_t count = smaller(QUERIES, head->rows - first);
    const Range any = seenByAny(a, head, first, count);
    const uint32_t n = any.end - any.start;
    const float *queries = head->x + (size_t)first * stride, *grads = gradOut + (size_t)first * width;
    zeroFloats(logNormalizers, 2 * QUERIES);
    for (uint32_t i = 0; i < count; i++) {
      vf sum = {0};
      for (uint32_t c = 0; c < d; c += VL) {
        const size_t at = (first + i) * (size_t)width + c;
        sum += loadPart(out + at, d - c, 0) * loadPart(gradOut + at, d - c, 0);
      }
      logNormalizers[i] = logNormalizer[(first + i) * a->heads];
      deltas[i] = (float)sumLanes(sum);
    }
    const size_t keyStart = any.start * (size_t)head->keyStride;
    packPanels(panels, d * NR, queries, stride, d, count, 1);
    product(weights, QUERIES, head->keys + keyStart, head->keyStride, panels, d * NR, n, count, d, 0);
    packPanels(panels, d * NR, grads, width, d, count, 1);
    product(gradients, QUERIES, head->values + keyStart, head->keyStride, panels, d * NR, n, count, d, 0);
    differentiateScores(a, head, weights, gradients, any.start, n, first, logNormalizers, deltas);

    transposeBlock(gradientRows, n, gradients, QUERIES, n, count);
    product(gradX + (size_t)first * stride, stride, gradientRows, n, keys + any.start * NR, head->all * NR, count, d, n, 0);
    // Keys and values of the past, whose gradients may be wanted or not, and then the sequence's own.
    const uint32_t past = head->past > any.start ? head->past - any.start : 0;
    float *gradKeys = gradX + (any.start + past - head->past) * (size_t)stride + width;
    float *gradPast = FLOATS_OR_NULL(b->gradPast);
    if (gradPast) gradPast += (head->firstPast + any.start) * 2 * width + head->column;
    for (int values = 0; values < 2; values++) {
      const float *left = values ? weights : gradients;
      packPanels(panels, count * NR, values ? grads : queries, values ? width : stride, count, d, 0);
      if (gradPast && past)
        product(gradPast + values * width, 2 * width, left, QUERIES, panels, count * NR, past, d, count, 1);
      product(gradKeys + values * width, stride, left + past * QUERIES, QUERIES, panels, count * NR, n - past, d, count, 1);
    }
  }
}

KERNEL(attentionBackward, AttentionBackwardArgs) {
  // The arguments begin as those of the way forward do.
  const AttentionForwardArgs *forward = (const AttentionForwardArgs *)a;
  const Range items = share(a->sequenceCount * a->heads, 1, part, parts);
  for (uint32_t item = items.start; item < items.end; item++) {
    Head head = headAt(heap, forward, item, part);
    if (head.rows) attendBack(heap, a, &head);
  }
}

KERNEL(rotatePositions, RotatePositionsArgs) {
  const uint32_t half = a->headSize / 2, turned = a->heads * a->headSize;
  const int32_t *index = INTS(a->index);
  const vf direction = splat(a->inverse ? -1.0f : 1.0f);
  const Range rows = share(a->rows, 1, part, parts);
  for (uint32_t row = rows.start; row < rows.end; row++) {
    const float *angles = FLOATS(a->angles) + (size_t)index[row] * a->headSize;
    const float *x = FLOATS(a->x) + (size_t)row * a->width;
    float *out = FLOATS(a->out) + (size_t)row * a->width;
    for (uint32_t head = 0; head < turned; head += a->headSize) {
      for (uint32_t j = 0; j < half; j += VL) {
        const uint32_t lanes = half - j;
        const vf cosine = loadPart(angles + j, lanes, 0), sine = loadPart(angles + half + j, lanes, 0) * direction;
        const vf left = loadPart(x + head + j, lanes, 0), right = loadPart(x + head + half + j, lanes, 0);
        vf first = FMA(-right, sine, left * cosine), second = FMA(left, sine, right * cosine);
        if (a->accumulate) {
          first += loadPart(out + head + j, lanes, 0);
          second += loadPart(out + head + half + j, lanes, 0);
        }
        storePart(out + head + j, first, lanes);
        storePart(out + head + half + j, second, lanes);
      }
    }
    for (uint32_t j = turned; j < a->width; j += VL) {
      vf value = loadPart(x + j, a->width - j, 0);
      if (a->accumulate) value += loadPart(out + j, a->width - j, 0);
      storePart(out + j, value, a->width - j);
    }
  }
}
