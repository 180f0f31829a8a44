// How many multiply-adds a core can do: as many chains as hide their latency, in registers, with one instruction set's widest vectors.
// usage: peak FLOPS, which prints the milliseconds they took.
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "../packages/kernels/src/vector.h"

#define CHAINS 12

int main(int count, char **words) {
  const double flops = count > 1 ? atof(words[1]) : 1e9;
  vf sum[CHAINS];
  for (int i = 0; i < CHAINS; i++) sum[i] = splat((float)i);
  const vf factor = splat(0.999f), term = splat(0.001f);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long n = (long)(flops / (2 * VL * CHAINS)); n; n--) {
    UNROLL for (int i = 0; i < CHAINS; i++) sum[i] = FMA(sum[i], factor, term);
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  float used = 0;  // so that no compiler leaves the work out
  for (int i = 0; i < CHAINS; i++) used += sum[i][0];
  if (used == 0) return 1;
  printf("%.6f\n", 1e3 * (double)(end.tv_sec - start.tv_sec) + 1e-6 * (double)(end.tv_nsec - start.tv_nsec));
  return 0;
}
