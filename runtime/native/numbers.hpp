// Numbers as generated C++ sees them: Clojure's arithmetic on unboxed int64 and double, inline, and on Lisp
// values (`PyObject*`, borrowed), out of line. One name for all of them: overloads choose.
// Integer literals must be written as std::int64_t, or the overloads are ambiguous.
#pragma once
#include "support.hpp"

namespace ts {

[[noreturn]] TS_API void throw_overflow();       // OverflowError "integer overflow"
[[noreturn]] TS_API void throw_divide_by_zero(); // ZeroDivisionError "Divide by zero"
// TypeError "<who> expected <expected>, found <found>".
[[noreturn]] TS_API void throw_wrong(char const* who, char const* expected, PyObject* found);

// -- boxing and unboxing --------------------------------------------------------------------------------

TS_INLINE ref box(std::int64_t n) { return ref::own(PyLong_FromLongLong(n)); }
TS_INLINE ref box(double d) { return ref::own(PyFloat_FromDouble(d)); }
TS_INLINE ref box(bool b) noexcept { return ref::share(b ? Py_True : Py_False); }
template<class T> ref box(T*) = delete; // a pointer would become a bool

// True and `out` set when `o` is exactly an int of 64 bits.
TS_API bool as_int64_slow(PyObject* o, std::int64_t& out) noexcept;
TS_INLINE bool as_int64(PyObject* o, std::int64_t& out) noexcept {
  if(class_of(o) != &PyLong_Type) return false;
#if PY_VERSION_HEX >= 0x030C0000
  auto* const n = reinterpret_cast<PyLongObject*>(o);
  if(PyUnstable_Long_IsCompact(n)) { out = PyUnstable_Long_CompactValue(n); return true; }
#else
  Py_ssize_t const size = length_of(o); // the sign and the number of 30-bit digits
  if(size >= -1 && size <= 1) {
    out = size * static_cast<std::int64_t>(reinterpret_cast<PyLongObject*>(o)->ob_digit[0]);
    return true;
  }
#endif
  return as_int64_slow(o, out);
}
TS_INLINE bool as_double(PyObject* o, double& out) noexcept {
  if(class_of(o) != &PyFloat_Type) return false;
  out = reinterpret_cast<PyFloatObject*>(o)->ob_fval;
  return true;
}

TS_API std::int64_t to_int64(PyObject* o, char const* who); // an integer, else TypeError
TS_API double to_double(PyObject* o, char const* who);      // any number as a double, else TypeError

// -- unboxed --------------------------------------------------------------------------------------------

#define TS_CHECKED(name, builtin)                                                                            \
  TS_INLINE std::int64_t name(std::int64_t a, std::int64_t b) {                                                 \
    std::int64_t r;                                                                                          \
    if(__builtin_expect(builtin(a, b, &r), 0)) throw_overflow();                                             \
    return r;                                                                                                \
  }
TS_CHECKED(add, __builtin_saddl_overflow)
TS_CHECKED(sub, __builtin_ssubl_overflow)
TS_CHECKED(mul, __builtin_smull_overflow)
#undef TS_CHECKED

TS_INLINE std::int64_t wrap(std::uint64_t n) noexcept { return static_cast<std::int64_t>(n); }
#define TS_WRAPPING(name, op)                                                                                \
  TS_INLINE std::int64_t name(std::int64_t a, std::int64_t b) noexcept {                                        \
    return wrap(static_cast<std::uint64_t>(a) op static_cast<std::uint64_t>(b));                             \
  }
TS_WRAPPING(unchecked_add, +)
TS_WRAPPING(unchecked_sub, -)
TS_WRAPPING(unchecked_mul, *)
#undef TS_WRAPPING
TS_INLINE std::int64_t unchecked_inc(std::int64_t a) noexcept { return unchecked_add(a, 1); }
TS_INLINE std::int64_t unchecked_dec(std::int64_t a) noexcept { return unchecked_sub(a, 1); }
TS_INLINE std::int64_t unchecked_neg(std::int64_t a) noexcept { return unchecked_sub(0, a); }

TS_INLINE std::int64_t inc(std::int64_t a) { return add(a, std::int64_t{ 1 }); }
TS_INLINE std::int64_t dec(std::int64_t a) { return sub(a, std::int64_t{ 1 }); }
TS_INLINE std::int64_t neg(std::int64_t a) { return sub(std::int64_t{ 0 }, a); }
TS_INLINE std::int64_t abs(std::int64_t a) noexcept { return a < 0 ? unchecked_neg(a) : a; } // Clojure wraps here
TS_INLINE std::int64_t quot(std::int64_t a, std::int64_t b) {
  if(b == 0) throw_divide_by_zero();
  return b == -1 ? neg(a) : a / b; // the processor traps on the one quotient that overflows
}
TS_INLINE std::int64_t rem(std::int64_t a, std::int64_t b) {
  if(b == 0) throw_divide_by_zero();
  return b == -1 ? 0 : a % b;
}
TS_INLINE std::int64_t mod(std::int64_t a, std::int64_t b) {
  std::int64_t const r = rem(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

TS_INLINE double inc(double a) noexcept { return a + 1.0; }
TS_INLINE double dec(double a) noexcept { return a - 1.0; }
TS_INLINE double neg(double a) noexcept { return -a; }
TS_INLINE double abs(double a) noexcept { return __builtin_fabs(a); }
TS_API double quot(double a, double b); // truncated; ZeroDivisionError for 0.0, as Clojure has it
TS_API double rem(double a, double b);
TS_API double mod(double a, double b);

// Integers against doubles compare exactly, as Python and unlike a conversion to double.
TS_API int compare_exact(std::int64_t a, double b) noexcept; // -1, 0, 1, or 2 for NaN

#define TS_DOUBLES(name, op)                                                                                 \
  TS_INLINE double name(double a, double b) noexcept { return a op b; }                                         \
  TS_INLINE double name(std::int64_t a, double b) noexcept { return static_cast<double>(a) op b; }              \
  TS_INLINE double name(double a, std::int64_t b) noexcept { return a op static_cast<double>(b); }
TS_DOUBLES(add, +)
TS_DOUBLES(sub, -)
TS_DOUBLES(mul, *)
TS_DOUBLES(div, /)
#undef TS_DOUBLES

#define TS_MIXED(name)                                                                                       \
  TS_INLINE double name(std::int64_t a, double b) { return name(static_cast<double>(a), b); }                   \
  TS_INLINE double name(double a, std::int64_t b) { return name(a, static_cast<double>(b)); }
TS_MIXED(quot)
TS_MIXED(rem)
TS_MIXED(mod)
#undef TS_MIXED

#define TS_COMPARISON(name, op, mixed, mixed_back)                                                           \
  TS_INLINE bool name(std::int64_t a, std::int64_t b) noexcept { return a op b; }                               \
  TS_INLINE bool name(double a, double b) noexcept { return a op b; }                                           \
  TS_INLINE bool name(std::int64_t a, double b) noexcept { int const c = compare_exact(a, b); return mixed; }   \
  TS_INLINE bool name(double a, std::int64_t b) noexcept { int const c = compare_exact(b, a); return mixed_back; }
TS_COMPARISON(lt, <, c == -1, c == 1)
TS_COMPARISON(le, <=, c <= 0, c == 0 || c == 1)
TS_COMPARISON(gt, >, c == 1, c == -1)
TS_COMPARISON(ge, >=, c == 0 || c == 1, c <= 0)
TS_COMPARISON(num_eq, ==, c == 0, c == 0)
#undef TS_COMPARISON

// `=`: an integer never equals a double.
TS_INLINE bool equal(std::int64_t a, std::int64_t b) noexcept { return a == b; }
TS_INLINE bool equal(double a, double b) noexcept { return a == b; }
TS_INLINE bool equal(std::int64_t, double) noexcept { return false; }
TS_INLINE bool equal(double, std::int64_t) noexcept { return false; }
TS_INLINE bool equal(bool a, bool b) noexcept { return a == b; }

TS_INLINE bool zero_p(std::int64_t a) noexcept { return a == 0; }
TS_INLINE bool zero_p(double a) noexcept { return a == 0; }
TS_INLINE bool pos_p(std::int64_t a) noexcept { return a > 0; }
TS_INLINE bool pos_p(double a) noexcept { return a > 0; }
TS_INLINE bool neg_p(std::int64_t a) noexcept { return a < 0; }
TS_INLINE bool neg_p(double a) noexcept { return a < 0; }
TS_INLINE bool even_p(std::int64_t a) noexcept { return (a & 1) == 0; }
TS_INLINE bool odd_p(std::int64_t a) noexcept { return (a & 1) != 0; }

TS_INLINE std::int64_t max(std::int64_t a, std::int64_t b) noexcept { return a > b ? a : b; }
TS_INLINE std::int64_t min(std::int64_t a, std::int64_t b) noexcept { return a < b ? a : b; }
TS_INLINE double max(double a, double b) noexcept { return a != a ? a : b != b ? b : a > b ? a : b; }
TS_INLINE double min(double a, double b) noexcept { return a != a ? a : b != b ? b : a < b ? a : b; }

// Shift distances count modulo 64, as on the JVM.
TS_INLINE std::int64_t bit_and(std::int64_t a, std::int64_t b) noexcept { return a & b; }
TS_INLINE std::int64_t bit_or(std::int64_t a, std::int64_t b) noexcept { return a | b; }
TS_INLINE std::int64_t bit_xor(std::int64_t a, std::int64_t b) noexcept { return a ^ b; }
TS_INLINE std::int64_t bit_and_not(std::int64_t a, std::int64_t b) noexcept { return a & ~b; }
TS_INLINE std::int64_t bit_not(std::int64_t a) noexcept { return ~a; }
TS_INLINE std::int64_t shift_left(std::int64_t a, std::int64_t n) noexcept {
  return wrap(static_cast<std::uint64_t>(a) << (n & 63));
}
TS_INLINE std::int64_t shift_right(std::int64_t a, std::int64_t n) noexcept { return a >> (n & 63); }
TS_INLINE std::int64_t unsigned_shift_right(std::int64_t a, std::int64_t n) noexcept {
  return wrap(static_cast<std::uint64_t>(a) >> (n & 63));
}
TS_INLINE std::int64_t bit_mask(std::int64_t n) noexcept { return shift_left(1, n); }
TS_INLINE std::int64_t bit_set(std::int64_t a, std::int64_t n) noexcept { return a | bit_mask(n); }
TS_INLINE std::int64_t bit_clear(std::int64_t a, std::int64_t n) noexcept { return a & ~bit_mask(n); }
TS_INLINE std::int64_t bit_flip(std::int64_t a, std::int64_t n) noexcept { return a ^ bit_mask(n); }
TS_INLINE bool bit_test(std::int64_t a, std::int64_t n) noexcept { return (a & bit_mask(n)) != 0; }

// -- Lisp values ----------------------------------------------------------------------------------------

TS_API ref div(std::int64_t a, std::int64_t b); // an integer or a ratio

#define TS_OBJECTS(type, name)                                                                               \
  TS_API type name(PyObject* a, PyObject* b);                                                                \
  TS_API type name(PyObject* a, std::int64_t b);                                                             \
  TS_API type name(std::int64_t a, PyObject* b);                                                             \
  TS_API type name(PyObject* a, double b);                                                                   \
  TS_API type name(double a, PyObject* b);
TS_OBJECTS(ref, add)
TS_OBJECTS(ref, sub)
TS_OBJECTS(ref, mul)
TS_OBJECTS(ref, div)
TS_OBJECTS(ref, quot)
TS_OBJECTS(ref, rem)
TS_OBJECTS(ref, mod)
TS_OBJECTS(bool, lt)
TS_OBJECTS(bool, le)
TS_OBJECTS(bool, gt)
TS_OBJECTS(bool, ge)
TS_OBJECTS(bool, num_eq) // `==`
TS_OBJECTS(ref, max)
TS_OBJECTS(ref, min)
#undef TS_OBJECTS

TS_API ref inc(PyObject* a);
TS_API ref dec(PyObject* a);
TS_API ref neg(PyObject* a);
TS_API ref abs(PyObject* a);
TS_API bool zero_p(PyObject* a);
TS_API bool pos_p(PyObject* a);
TS_API bool neg_p(PyObject* a);
TS_API bool even_p(PyObject* a);
TS_API bool odd_p(PyObject* a);

// The primed functions, which promote to BigInt where the others overflow.
TS_API ref add_promoting(PyObject* a, PyObject* b);
TS_API ref sub_promoting(PyObject* a, PyObject* b);
TS_API ref mul_promoting(PyObject* a, PyObject* b);

// Casts: towards zero, and ValueError "Value out of range for int: …" outside the type. Characters are their
// code points.
TS_API std::int64_t cast_long(double d);
TS_API std::int64_t cast_long(PyObject* o);
TS_API std::int64_t cast_int(std::int64_t n); // 32 bits, as Clojure's `int`
TS_API std::int64_t cast_int(double d);
TS_API std::int64_t cast_int(PyObject* o);
TS_INLINE std::int64_t cast_long(std::int64_t n) noexcept { return n; }
TS_INLINE double cast_double(std::int64_t n) noexcept { return static_cast<double>(n); }
TS_INLINE double cast_double(double d) noexcept { return d; }
TS_INLINE double cast_double(PyObject* o) { return to_double(o, "double"); }

// Predicates of a value's type. A bool is no number.
TS_API bool number_p(PyObject* o) noexcept;
TS_API bool int_p(PyObject* o) noexcept;     // 64 bits
TS_API bool integer_p(PyObject* o) noexcept; // or big
TS_API bool float_p(PyObject* o) noexcept;
TS_API bool ratio_p(PyObject* o) noexcept;
TS_API bool decimal_p(PyObject* o) noexcept;
TS_API bool rational_p(PyObject* o) noexcept;

} // namespace ts
