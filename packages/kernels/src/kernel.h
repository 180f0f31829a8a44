// What every kernel is: a function of the heap, its arguments, which part of how many it is to do, and the thread's scratch.
//
// Parts are what threads share out: recurrences give each a stretch of batch rows, products split output rows or columns, others
// split a range. No result depends on the number of parts.
//
// A sum over everything has a rest, which one thread does after all parts: a call with part == parts. Until then the parts keep what they
// found in SHARED, a place for doubles that all threads see, behind the arguments.
#pragma once
#include "arguments.h"
#include "vector.h"

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))
#else
// Compiled several times into one binary, for several instruction sets: no name leaves its unit but that of its table.
#define EXPORT(name) static __attribute__((unused))
#endif

#define KERNEL(name, Args)                                                                                     \
  EXPORT(#name) void hs_##name(char *heap, const Args *a, uint32_t part, uint32_t parts, char *scratch);       \
  void hs_##name(char *heap, const Args *a, uint32_t part, uint32_t parts, char *scratch)

// A place in the heap, and one that may be absent (offset 0). Sums of whole numbers, not of pointers: in wasm the heap starts at
// address 0, and C lets a compiler believe that null plus anything is null.
#define FLOATS(offset) ((float *)((uintptr_t)heap + (offset)))
#define FLOATS_OR_NULL(offset) ((offset) ? FLOATS(offset) : (float *)0)
#define INTS(offset) ((const int32_t *)((uintptr_t)heap + (offset)))
#define BYTES(offset) ((int8_t *)((uintptr_t)heap + (offset)))

#define ARGUMENT_BYTES 256
#define SHARED_DOUBLES 8192
#define SHARED ((double *)((uintptr_t)a + ARGUMENT_BYTES))

INLINE uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }
INLINE uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }
INLINE uint32_t divideUp(uint32_t a, uint32_t b) { return a / b + (a % b != 0); }

typedef struct {
  uint32_t start, end;
} Range;

// This part's share of `count`, in whole units.
INLINE Range share(uint32_t count, uint32_t unit, uint32_t part, uint32_t parts) {
  uint64_t units = divideUp(count, unit);
  uint64_t start = units * part / parts * unit, end = units * (part + 1) / parts * unit;
  return (Range){start < count ? (uint32_t)start : count, end < count ? (uint32_t)end : count};
}

INLINE void copyFloats(float *to, const float *from, uint32_t count) {
  if (to != from) __builtin_memmove(to, from, (size_t)count * 4);
}
INLINE void zeroFloats(float *to, uint32_t count) { __builtin_memset(to, 0, (size_t)count * 4); }
