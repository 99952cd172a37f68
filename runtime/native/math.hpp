// clojure.math on unboxed numbers, with the results of Java's `Math` where C's differ.
#pragma once
#include "numbers.hpp"

namespace ts::math {

constexpr double e = 2.718281828459045;
constexpr double pi = 3.141592653589793;

#define TS_MATH(name, function)                                                                              \
  inline double name(double x) noexcept { return __builtin_##function(x); }
TS_MATH(sin, sin)
TS_MATH(cos, cos)
TS_MATH(tan, tan)
TS_MATH(asin, asin)
TS_MATH(acos, acos)
TS_MATH(atan, atan)
TS_MATH(sinh, sinh)
TS_MATH(cosh, cosh)
TS_MATH(tanh, tanh)
TS_MATH(exp, exp)
TS_MATH(expm1, expm1)
TS_MATH(log, log)
TS_MATH(log10, log10)
TS_MATH(log1p, log1p)
TS_MATH(sqrt, sqrt)
TS_MATH(cbrt, cbrt)
TS_MATH(ceil, ceil)
TS_MATH(floor, floor)
TS_MATH(rint, rint) // ties to even
#undef TS_MATH

inline double to_radians(double degrees) noexcept { return degrees * (pi / 180.0); }
inline double to_degrees(double radians) noexcept { return radians * (180.0 / pi); }
inline double signum(double x) noexcept { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }
inline double next_up(double x) noexcept { return __builtin_nextafter(x, __builtin_inf()); }
inline double next_down(double x) noexcept { return __builtin_nextafter(x, -__builtin_inf()); }
inline double ulp(double x) noexcept {
  double const size = __builtin_fabs(x);
  if(size == __builtin_inf()) return size;
  return size == 0x1.fffffffffffffp1023 ? size - next_down(size) : next_up(size) - size;
}

inline double atan2(double y, double x) noexcept { return __builtin_atan2(y, x); }
inline double hypot(double x, double y) noexcept { return __builtin_hypot(x, y); }
inline double copy_sign(double x, double sign) noexcept { return __builtin_copysign(x, sign); }
inline double next_after(double x, double towards) noexcept { return __builtin_nextafter(x, towards); }
inline double ieee_remainder(double x, double y) noexcept { return __builtin_remainder(x, y); }
inline double pow(double x, double y) noexcept {
  bool const undefined = y != y || (__builtin_fabs(x) == 1 && __builtin_fabs(y) == __builtin_inf());
  return undefined ? __builtin_nan("") : __builtin_pow(x, y); // C has 1 for these
}

// The nearest integer, ties upwards; NaN is 0, and what is too large the nearest 64-bit integer.
inline std::int64_t round(double x) noexcept {
  if(x != x) return 0;
  double const below = __builtin_floor(x);
  double const nearest = x - below >= 0.5 ? below + 1 : below;
  return nearest >= 0x1p63 ? INT64_MAX : nearest < -0x1p63 ? INT64_MIN : static_cast<std::int64_t>(nearest);
}

// The exponent of 2; one below the least for zero and subnormal numbers, one above the greatest for the rest.
inline std::int64_t get_exponent(double x) noexcept {
  if(x != x || __builtin_fabs(x) == __builtin_inf()) return 1024;
  return __builtin_fabs(x) < 0x1p-1022 ? -1023 : __builtin_ilogb(x);
}

inline std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  std::int64_t const q = quot(a, b);
  return rem(a, b) != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

} // namespace ts::math
