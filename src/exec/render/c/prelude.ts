/**
 * What every translation unit begins with: the types, the rows of the scalar language that are no C operator, and what
 * the loops share. Integers wrap through unsigned types, because overflow of signed ones is undefined in C.
 */
export const prelude = `typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef __INT32_TYPE__ i32;
typedef __UINT32_TYPE__ u32;
typedef __INT64_TYPE__ i64;
typedef __UINT64_TYPE__ u64;
typedef float f32;
typedef double f64;
typedef _Bool bool;

#ifdef __clang__
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
/* It moves work into the branches of selections, and loops with branches stay scalar. */
#pragma GCC optimize("no-tree-pre")
#endif
#define INLINE static inline __attribute__((always_inline))
/* Functions that other units call, where a library holds them. */
#ifndef LINKED
#define LINKED static
#endif

INLINE u32 bits_of_f32(f32 x) { union { f32 x; u32 bits; } u = {x}; return u.bits; }
INLINE f32 f32_of_bits(u32 x) { union { u32 bits; f32 x; } u = {x}; return u.x; }
INLINE u64 bits_of_f64(f64 x) { union { f64 x; u64 bits; } u = {x}; return u.bits; }
INLINE f64 f64_of_bits(u64 x) { union { u64 bits; f64 x; } u = {x}; return u.x; }

/* Two halves, a > b ? a : b both ways, differ for zeros, whose signs & (for min, |) combines, and for NaN: all ones. */
INLINE f32 max_f32(f32 a, f32 b) {
  u32 larger = bits_of_f32(a > b ? a : b) & bits_of_f32(b > a ? b : a);
  return f32_of_bits((a != a) | (b != b) ? ~(u32)0 : larger);
}
INLINE f32 min_f32(f32 a, f32 b) {
  u32 smaller = bits_of_f32(a < b ? a : b) | bits_of_f32(b < a ? b : a);
  return f32_of_bits((a != a) | (b != b) ? ~(u32)0 : smaller);
}
INLINE f64 max_f64(f64 a, f64 b) {
  u64 larger = bits_of_f64(a > b ? a : b) & bits_of_f64(b > a ? b : a);
  return f64_of_bits((a != a) | (b != b) ? ~(u64)0 : larger);
}
INLINE f64 min_f64(f64 a, f64 b) {
  u64 smaller = bits_of_f64(a < b ? a : b) | bits_of_f64(b < a ? b : a);
  return f64_of_bits((a != a) | (b != b) ? ~(u64)0 : smaller);
}

INLINE f64 exponent_f64(f64 x) { return f64_of_bits((bits_of_f64(x) >> 52 & 0x7ff) | 0x4330000000000000) - (0x1p52 + 1023); }
INLINE f64 power_of_two_f64(f64 x) { return f64_of_bits(bits_of_f64(x + (0x1.8p52 + 1023)) << 52); }

/* gcc makes one truncation of a cast to i32 and back, which would keep the sign of a zero: 0 is a case of its own. */
INLINE i32 i32_of_f32(f32 x) { return x >= 0x1p31f ? 2147483647 : x < -0x1p31f ? -2147483647 - 1 : __builtin_fabsf(x) >= 1 ? (i32)x : 0; }
INLINE i32 i32_of_f64(f64 x) { return x >= 0x1p31 ? 2147483647 : x < -0x1p31 ? -2147483647 - 1 : __builtin_fabs(x) >= 1 ? (i32)x : 0; }
INLINE u32 u32_of_f32(f32 x) { return x >= 0x1p32f ? 4294967295u : x > 0 ? (u32)x : 0; }
INLINE u32 u32_of_f64(f64 x) { return x >= 0x1p32 ? 4294967295u : x > 0 ? (u32)x : 0; }
INLINE u8 u8_of_f32(f32 x) { return x >= 255 ? 255 : x > 0 ? (u8)(i32)x : 0; }
INLINE u8 u8_of_f64(f64 x) { return x >= 255 ? 255 : x > 0 ? (u8)(i32)x : 0; }

INLINE i32 div_i32(i32 a, i32 b) { return b == 0 ? 0 : b == -1 ? (i32)(0u - (u32)a) : a / b; }
INLINE i32 rem_i32(i32 a, i32 b) { return b == 0 || b == -1 ? 0 : a % b; }
INLINE u32 div_u32(u32 a, u32 b) { return b == 0 ? 0 : a / b; }
INLINE u32 rem_u32(u32 a, u32 b) { return b == 0 ? 0 : a % b; }
INLINE u8 div_u8(u8 a, u8 b) { return b == 0 ? 0 : a / b; }
INLINE u8 rem_u8(u8 a, u8 b) { return b == 0 ? 0 : a % b; }

/* Part k of parts begins where part k - 1 ends. */
INLINE i64 start_of_part(i64 extent, i32 part, i32 parts) { return extent * part / parts; }

/* The first check that fails names the error. */
static __attribute__((noinline, cold)) void fail(char *memory, u32 code) { __sync_val_compare_and_swap((u32 *)memory, 0u, code); }
`;
