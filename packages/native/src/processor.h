// What the processor and the operating system can run. By hand: __builtin_cpu_supports needs libgcc and its constructor, and
// the addon links nothing.
#pragma once
#include <stdint.h>

#if defined(__x86_64__)
#include <cpuid.h>

// The register state that the operating system saves: bits 1 and 2 AVX's, 5 to 7 AVX-512's.
static uint32_t savedState(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

enum { HAS_AVX2 = 1, HAS_AVX512 = 2 };

static int processorFeatures(void) {
  const uint32_t fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28;
  const uint32_t avx2 = 1u << 5, avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // F, DQ, BW, VL
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (fma | osxsave | avx)) != (fma | osxsave | avx)) return 0;
  const uint32_t state = savedState();
  if ((state & 0x06) != 0x06 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & avx2)) return 0;
  return HAS_AVX2 | ((state & 0xe6) == 0xe6 && (b & avx512) == avx512 ? HAS_AVX512 : 0);
}
#endif
