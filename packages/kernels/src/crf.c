// Linear-chain conditional random fields: see crfForward in signatures.ts for the letters. A part has whole sequences.
#include "scratch.h"
#include "softmax.h"

static const float impossible = -__builtin_inff();

// ln p(y_t = j) given the steps up to t, for the lanes from j; impossible past the last tag.
INLINE vf filteredAt(const float *x, const float *reach, float normalizer, uint32_t j, uint32_t K) {
  return loadPart(x + j, K - j, impossible) + loadPart(reach + j, K - j, 0) - normalizer;
}

// reach[j] = ln sum over i of exp(before[i] + transitions[i, j])
static void reachFrom(float *reach, const float *before, const float *transitions, uint32_t K) {
  for (uint32_t j = 0; j < K; j += VL) {
    const uint32_t lanes = K - j;
    vf largest = splat(impossible);
    for (uint32_t i = 0; i < K; i++) {
      const vf score = loadPart(transitions + (size_t)i * K + j, lanes, 0) + before[i];
      largest = SELECT(score > largest, score, largest);
    }
    // Where nothing leads to a tag the sum is 0, and its logarithm what it should be.
    largest = SELECT(largest > impossible, largest, splat(0));
    vf sum = {0};
    for (uint32_t i = 0; i < K; i++) {
      sum += expVector(loadPart(transitions + (size_t)i * K + j, lanes, 0) + before[i] - largest);
    }
    storePart(reach + j, largest + logVector(sum), lanes);
  }
}

// Sums of a sequence are carried in double; what is carried from step to step is relative to the step's normalizer, so that its
// errors do not grow with the sequence.
KERNEL(crfForward, CrfForwardArgs) {
  const uint32_t K = a->tagCount;
  const int32_t *lengths = INTS(a->lengths), *tags = a->tags ? INTS(a->tags) : 0;
  const float *transitions = FLOATS(a->transitions), *start = FLOATS(a->start), *end = FLOATS(a->end);
  float *before = ((Scratch *)scratch)->b;
  Range rows = share(a->batch, 1, part, parts);
  for (uint32_t b = rows.start; b < rows.end; b++) {
    const uint32_t length = (uint32_t)lengths[b];
    double logPartition = 0, score = 0;
    int32_t previous = 0;
    for (uint32_t t = 0; t < length; t++) {
      const size_t row = (size_t)t * a->batch + b;
      const float *x = FLOATS(a->logits) + row * K;
      float *reach = FLOATS(a->reach) + row * K;
      if (t == 0) copyFloats(reach, start, K);
      else reachFrom(reach, before, transitions, K);
      for (uint32_t j = 0; j < K; j += VL) storePart(before + j, filteredAt(x, reach, 0, j, K), K - j);
      const LogSumExp sum = logSumExp(before, K);
      const float normalizer = sum.largest + sum.logSum;
      FLOATS(a->normalizers)[row] = normalizer;
      for (uint32_t j = 0; j < K; j += VL) storePart(before + j, filteredAt(x, reach, normalizer, j, K), K - j);
      logPartition += normalizer;
      if (!tags) continue;
      score += (double)x[tags[row]] + (t ? transitions[(size_t)previous * K + tags[row]] : start[tags[row]]);
      previous = tags[row];
    }
    if (length) {
      for (uint32_t j = 0; j < K; j++) before[j] += end[j];
      const LogSumExp sum = logSumExp(before, K);
      logPartition += (double)sum.largest + sum.logSum;
      if (tags) score += end[previous];
    }
    FLOATS(a->losses)[b] = (float)(logPartition - score);
  }
}

// p(y_{t-1} = i, y_t = j) in the lanes from j, given ln p(y_{t-1} = i) up to t-1. Where y_t can't be j it is 0.
INLINE vf pairMarginal(float filtered, const float *transitions, const float *reach, const float *marginals, uint32_t lanes) {
  const vf after = loadPart(marginals, lanes, 0);
  const vf given = expVector(loadPart(transitions, lanes, 0) + filtered - loadPart(reach, lanes, 0));
  return SELECT(after == 0, (vf){0}, flush(after * given));
}

// p(y_{t-1}) from p(y_t). The probabilities add up to 1 but for rounding, which would pile up over a long sequence.
static void marginalsBefore(const CrfBackwardArgs *a, char *heap, size_t row, float *marginals) {
  const uint32_t K = a->tagCount;
  const size_t after = row + a->batch;
  const float *x = FLOATS(a->logits) + row * K, *reach = FLOATS(a->reach) + row * K;
  const float normalizer = FLOATS(a->normalizers)[row];
  const float *reachAfter = FLOATS(a->reach) + after * K, *marginalsAfter = FLOATS(a->marginals) + after * K;
  double total = 0;
  for (uint32_t i = 0; i < K; i++) {
    const float *transitions = FLOATS(a->transitions) + (size_t)i * K;
    const float filtered = x[i] + reach[i] - normalizer;
    vf sum = {0};
    for (uint32_t j = 0; j < K; j += VL) {
      sum += pairMarginal(filtered, transitions + j, reachAfter + j, marginalsAfter + j, K - j);
    }
    marginals[i] = (float)sumLanes(sum);
    total += marginals[i];
  }
  const float scale = (float)(1 / total);
  for (uint32_t i = 0; i < K; i++) marginals[i] *= scale;
}

static void lastMarginals(const CrfBackwardArgs *a, char *heap, size_t row, float *marginals) {
  const uint32_t K = a->tagCount;
  const float *x = FLOATS(a->logits) + row * K, *reach = FLOATS(a->reach) + row * K, *end = FLOATS(a->end);
  const float normalizer = FLOATS(a->normalizers)[row];
  for (uint32_t j = 0; j < K; j++) marginals[j] = x[j] + reach[j] - normalizer + end[j];
  const LogSumExp sum = logSumExp(marginals, K);
  for (uint32_t j = 0; j < K; j += VL) {
    storePart(marginals + j, expVector(loadPart(marginals + j, K - j, 0) - sum.largest - sum.logSum), K - j);
  }
}

KERNEL(crfBackward, CrfBackwardArgs) {
  const uint32_t K = a->tagCount;
  const int32_t *lengths = INTS(a->lengths), *tags = INTS(a->tags);
  Range rows = share(a->batch, 1, part, parts);
  for (uint32_t b = rows.start; b < rows.end; b++) {
    const uint32_t length = (uint32_t)lengths[b];
    for (uint32_t t = a->steps; t-- > 0;) {
      const size_t row = (size_t)t * a->batch + b;
      float *marginals = FLOATS(a->marginals) + row * K;
      if (t >= length) zeroFloats(marginals, K);
      else if (t == length - 1) lastMarginals(a, heap, row, marginals);
      else marginalsBefore(a, heap, row, marginals);
      if (!a->gradLogits) continue;
      float *gradX = FLOATS(a->gradLogits) + row * K;
      if (!a->accumulate) zeroFloats(gradX, K);
      if (t >= length) continue;
      const float gradLoss = FLOATS(a->gradLosses)[b];
      for (uint32_t j = 0; j < K; j++) gradX[j] += gradLoss * (marginals[j] - (j == (uint32_t)tags[row]));
    }
  }
}

// A part has rows of the transitions: each is a sum over all sequences in order, in double but for stretches of 64 steps.
static void transitionRowGradient(const CrfTransitionGradientArgs *a, char *heap, uint32_t i) {
  const uint32_t K = a->tagCount, batch = a->batch;
  const int32_t *lengths = INTS(a->lengths), *tags = INTS(a->tags);
  float *gradient = FLOATS(a->gradTransitions) + (size_t)i * K;
  const float *transitions = FLOATS(a->transitions) + (size_t)i * K;
  for (uint32_t first = 0; first < K; first += VL) {
    const uint32_t lanes = smaller(K - first, VL);
    double sums[VL] = {0};
    for (uint32_t b = 0; b < batch; b++) {
      const double gradLoss = FLOATS(a->gradLosses)[b];
      vf stretch = {0};
      for (uint32_t t = 1; t < (uint32_t)lengths[b]; t++) {
        const size_t row = (size_t)t * batch + b, before = row - batch, at = row * K + first;
        const float filtered =
            FLOATS(a->logits)[before * K + i] + FLOATS(a->reach)[before * K + i] - FLOATS(a->normalizers)[before];
        stretch += pairMarginal(filtered, transitions + first, FLOATS(a->reach) + at, FLOATS(a->marginals) + at, lanes);
        if ((uint32_t)tags[before] == i && (uint32_t)tags[row] - first < lanes) sums[(uint32_t)tags[row] - first] -= gradLoss;
        if (t % 64 && t + 1 < (uint32_t)lengths[b]) continue;
        for (uint32_t lane = 0; lane < lanes; lane++) sums[lane] += gradLoss * stretch[lane];
        stretch = (vf){0};
      }
    }
    for (uint32_t lane = 0; lane < lanes; lane++) gradient[first + lane] += (float)sums[lane];
  }
}

static void edgeGradient(const CrfTransitionGradientArgs *a, char *heap, float *gradient, int last) {
  const uint32_t K = a->tagCount;
  for (uint32_t j = 0; j < K; j++) {
    double sum = 0;
    for (uint32_t b = 0; b < a->batch; b++) {
      const uint32_t length = (uint32_t)INTS(a->lengths)[b];
      if (!length) continue;
      const size_t row = (last ? (size_t)(length - 1) * a->batch : 0) + b;
      const float wanted = (uint32_t)INTS(a->tags)[row] == j;
      sum += (double)FLOATS(a->gradLosses)[b] * (FLOATS(a->marginals)[row * K + j] - wanted);
    }
    gradient[j] += (float)sum;
  }
}

KERNEL(crfTransitionGradient, CrfTransitionGradientArgs) {
  Range rows = share(a->tagCount, 1, part, parts);
  for (uint32_t i = rows.start; a->gradTransitions && i < rows.end; i++) transitionRowGradient(a, heap, i);
  if (part) return;
  if (a->gradStart) edgeGradient(a, heap, FLOATS(a->gradStart), 0);
  if (a->gradEnd) edgeGradient(a, heap, FLOATS(a->gradEnd), 1);
}
