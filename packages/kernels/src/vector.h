// Vectors of VL floats and the few operations on them that GCC's and Clang's vector extensions lack. The only file with
// intrinsics: every kernel is written once, over VL, `vf` and FMA().
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#define VL 4
#elif defined(__AVX512F__)
#include <immintrin.h>
#define VL 16
#elif defined(__AVX2__)
#include <immintrin.h>
#define VL 8
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#define VL 4
#else
#define VL 4
#endif

typedef float vf __attribute__((vector_size(4 * VL)));
typedef int32_t vi __attribute__((vector_size(4 * VL)));
typedef uint32_t vu __attribute__((vector_size(4 * VL)));
typedef double vd __attribute__((vector_size(4 * VL)));  // VL / 2 doubles
// Heap offsets are multiples of 4 only.
typedef float vfUnaligned __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef float halfUnaligned __attribute__((vector_size(2 * VL), aligned(4), may_alias));
typedef float quad __attribute__((vector_size(16)));
typedef float quadUnaligned __attribute__((vector_size(16), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
// For what many call and few instructions are spent in.
#define ONCE static __attribute__((noinline))
// For loops that many options branch in: Clang would make a copy of the loop for each combination.
#ifdef __clang__
#define COMPACT static __attribute__((noinline, minsize))
#define UNROLL _Pragma("unroll")
#else
#define COMPACT static __attribute__((noinline))
#define UNROLL _Pragma("GCC unroll 16")
#endif

INLINE vf load(const float *p) { return *(const vfUnaligned *)p; }
INLINE void store(float *p, vf v) { *(vfUnaligned *)p = v; }
// A loop over lanes is six times slower with GCC; x - 0 is x for every x.
INLINE vf splat(float x) { return x - (vf){0}; }
INLINE vi splatBits(int32_t x) { return x + (vi){0}; }

// FMA(a, b, c) = a * b + c, rounded once where the instruction set can. SELECT(mask, a, b) = a in the lanes where mask is all
// ones, b where it is 0. AT_MOST(x, limit) and AT_LEAST(x, limit) keep a NaN in x.
// PIN keeps the compiler from moving work across it: without it Clang loads all rows' A-values before the first FMA of a
// tile, V8 then runs out of registers, and the tile is a third slower.
// PREFETCH brings the cache lines of `floats` floats into the first cache, where there is an instruction for that.
#if defined(__wasm_simd128__)
INLINE vf loadSplat(const float *p) { return (vf)wasm_v128_load32_splat(p); }
INLINE vf AT_MOST(vf x, vf limit) { return (vf)wasm_f32x4_pmin((v128_t)x, (v128_t)limit); }
INLINE vf AT_LEAST(vf x, vf limit) { return (vf)wasm_f32x4_pmax((v128_t)x, (v128_t)limit); }
INLINE vf squareRoot(vf x) { return (vf)wasm_f32x4_sqrt((v128_t)x); }
#define PIN(x) __asm__ volatile("" : "+r"(x))
#define PREFETCH(p, floats)
// Relaxed instructions: the build makes strict ones of them for engines that have no others (../strict-simd.js).
#define FMA(a, b, c) ((vf)__builtin_wasm_relaxed_madd_f32x4((a), (b), (c)))
#define SELECT(mask, a, b) ((vf)wasm_i32x4_relaxed_laneselect((v128_t)(a), (v128_t)(b), (v128_t)(mask)))
#else
INLINE vf loadSplat(const float *p) { return splat(*p); }
#define PIN(x)
#define PREFETCH(p, floats)                              \
  UNROLL for (int line = 0; line < (floats); line += 16) { \
    __builtin_prefetch((p) + line);                      \
  }
#define SELECT(mask, a, b) ((vf)(((vi)(a) & (mask)) | ((vi)(b) & ~(mask))))
#if defined(__AVX512F__)
#define FMA(a, b, c) ((vf)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
INLINE vf AT_MOST(vf x, vf limit) { return (vf)_mm512_min_ps((__m512)limit, (__m512)x); }
INLINE vf AT_LEAST(vf x, vf limit) { return (vf)_mm512_max_ps((__m512)limit, (__m512)x); }
INLINE vf squareRoot(vf x) { return (vf)_mm512_sqrt_ps((__m512)x); }
#elif defined(__AVX2__)
#define FMA(a, b, c) ((vf)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
INLINE vf AT_MOST(vf x, vf limit) { return (vf)_mm256_min_ps((__m256)limit, (__m256)x); }
INLINE vf AT_LEAST(vf x, vf limit) { return (vf)_mm256_max_ps((__m256)limit, (__m256)x); }
INLINE vf squareRoot(vf x) { return (vf)_mm256_sqrt_ps((__m256)x); }
#else
#if defined(__ARM_NEON)
#define FMA(a, b, c) ((vf)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#else
#define FMA(a, b, c) ((a) * (b) + (c))
#endif
INLINE vf AT_MOST(vf x, vf limit) { return SELECT(limit < x, limit, x); }
INLINE vf AT_LEAST(vf x, vf limit) { return SELECT(limit > x, limit, x); }
INLINE vf squareRoot(vf x) {
  for (int i = 0; i < VL; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
}
#endif
#endif

// 4 x 4 blocks of four rows, side by side, each transposed.
INLINE void transposeQuads(vf *a, vf *b, vf *c, vf *d) {
#if defined(__AVX512F__)
#define INTERLEAVE(half, x, y) (vf)_mm512_unpack##half##_ps((__m512)(x), (__m512)(y))
#define INTERLEAVE_PAIRS(half, x, y) (vf)_mm512_unpack##half##_pd((__m512d)(x), (__m512d)(y))
#elif defined(__AVX2__)
#define INTERLEAVE(half, x, y) (vf)_mm256_unpack##half##_ps((__m256)(x), (__m256)(y))
#define INTERLEAVE_PAIRS(half, x, y) (vf)_mm256_unpack##half##_pd((__m256d)(x), (__m256d)(y))
#else
#define INTERLEAVE(half, x, y) INTERLEAVE_##half(x, y)
#define INTERLEAVE_PAIRS(half, x, y) INTERLEAVE_PAIRS_##half(x, y)
#define INTERLEAVE_lo(x, y) __builtin_shufflevector(x, y, 0, 4, 1, 5)
#define INTERLEAVE_hi(x, y) __builtin_shufflevector(x, y, 2, 6, 3, 7)
#define INTERLEAVE_PAIRS_lo(x, y) __builtin_shufflevector(x, y, 0, 1, 4, 5)
#define INTERLEAVE_PAIRS_hi(x, y) __builtin_shufflevector(x, y, 2, 3, 6, 7)
#endif
  vf ab = INTERLEAVE(lo, *a, *b), cd = INTERLEAVE(lo, *c, *d), AB = INTERLEAVE(hi, *a, *b), CD = INTERLEAVE(hi, *c, *d);
  *a = INTERLEAVE_PAIRS(lo, ab, cd);
  *b = INTERLEAVE_PAIRS(hi, ab, cd);
  *c = INTERLEAVE_PAIRS(lo, AB, CD);
  *d = INTERLEAVE_PAIRS(hi, AB, CD);
}

// Four lanes each to p, p + stride, ...
INLINE void storeQuads(float *p, size_t stride, vf v) {
#if defined(__AVX512F__)
  _mm_storeu_ps(p, _mm512_castps512_ps128((__m512)v));
  _mm_storeu_ps(p + stride, _mm512_extractf32x4_ps((__m512)v, 1));
  _mm_storeu_ps(p + 2 * stride, _mm512_extractf32x4_ps((__m512)v, 2));
  _mm_storeu_ps(p + 3 * stride, _mm512_extractf32x4_ps((__m512)v, 3));
#elif defined(__AVX2__)
  _mm_storeu_ps(p, _mm256_castps256_ps128((__m256)v));
  _mm_storeu_ps(p + stride, _mm256_extractf128_ps((__m256)v, 1));
#else
  (void)stride;
  store(p, v);
#endif
}

// Whole numbers: sum[i] + w[2i] x[2i] + w[2i+1] x[2i+1] in every lane i, from 2 VL weights of 8 bits and as many values of 16.
INLINE vi addPairs(vi sum, const int8_t *w, vi x) {
#if defined(__wasm_simd128__)
  return sum + (vi)wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(w), (v128_t)x);
#elif defined(__AVX512BW__)
  __m512i weights = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i_u *)w));
#ifdef __AVX512VNNI__
  return (vi)_mm512_dpwssd_epi32((__m512i)sum, weights, (__m512i)x);
#else
  return sum + (vi)_mm512_madd_epi16(weights, (__m512i)x);
#endif
#elif defined(__AVX2__) && !defined(__AVX512F__)
  return sum + (vi)_mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i_u *)w)), (__m256i)x);
#elif defined(__ARM_NEON)
  int16x8_t weights = vmovl_s8(vld1_s8(w)), values = (int16x8_t)x;
  return sum + (vi)vpaddq_s32(vmull_s16(vget_low_s16(weights), vget_low_s16(values)), vmull_high_s16(weights, values));
#else
  const int16_t *values = (const int16_t *)&x;
  for (int i = 0; i < VL; i++) sum[i] += w[2 * i] * values[2 * i] + w[2 * i + 1] * values[2 * i + 1];
  return sum;
#endif
}

// The same pair of 16-bit values in every lane.
INLINE vi splatPair(const int16_t *p) {
#if defined(__wasm_simd128__)
  return (vi)wasm_v128_load32_splat(p);
#else
  int32_t pair;
  __builtin_memcpy(&pair, p, 4);
  return splatBits(pair);
#endif
}

// The first `count` lanes of p, `fill` in the others: so that the end of a row runs through the same code as the rest.
INLINE vf loadPart(const float *p, uint32_t count, float fill) {
  if (count >= VL) return load(p);
  float lanes[VL];
  for (uint32_t i = 0; i < VL; i++) lanes[i] = i < count ? p[i] : fill;
  return load(lanes);
}

INLINE void storePart(float *p, vf v, uint32_t count) {
  if (count >= VL) {
    store(p, v);
    return;
  }
  float lanes[VL];
  store(lanes, v);
  for (uint32_t i = 0; i < count; i++) p[i] = lanes[i];
}

// The first `count` lanes of v, 0 in the others.
INLINE vf firstLanes(vf v, uint32_t count) {
  if (count >= VL) return v;
  float lanes[VL];
  store(lanes, v);
  for (uint32_t i = count; i < VL; i++) lanes[i] = 0;
  return load(lanes);
}

INLINE vf magnitude(vf x) { return (vf)((vi)x & 0x7fffffff); }

// Magnitudes below 2^-100 become 0 (wasm cannot set the processor's flush mode, and denormals crawl); NaN stays.
INLINE vf flush(vf x) { return (vf)((vi)x & ~(magnitude(x) < splat(0x1p-100f))); }

// The sum of the lanes, in order.
INLINE double sumLanes(vf v) {
  double sum = 0;
  for (int i = 0; i < VL; i++) sum += v[i];
  return sum;
}

INLINE float largestLane(vf v) {
  float largest = v[0];
  for (int i = 1; i < VL; i++) largest = v[i] > largest ? v[i] : largest;
  return largest;
}
