// The number functions as Python callables, casts and bit operations among them. runtime/core/numbers.py gives
// them their Lisp names.
#include "callable.hpp"
#include "module.hpp"
#include "types.hpp"
#include <cmath>
#include <limits>

namespace ts {

using i64 = std::int64_t;

namespace {

// -- casts ----------------------------------------------------------------------------------------------

[[noreturn]] void throw_range(char const* type, PyObject* found) {
  PyErr_Format(PyExc_ValueError, "Value out of range for %s: %S", type, found);
  throw py_error{};
}

i64 in_range(i64 n, i64 low, i64 high, char const* type) {
  if(n < low || n > high) throw_range(type, box(n).get());
  return n;
}

i64 truncated(double d, char const* type) {
  if(!(d >= -0x1p63 && d < 0x1p63)) throw_range(type, box(d).get()); // NaN too
  return static_cast<i64>(d);
}

i64 whole(PyObject* o, char const* type) {
  i64 n;
  if(as_int64(o, n)) return n;
  if(PyFloat_Check(o)) return truncated(PyFloat_AS_DOUBLE(o), type);
  ref number;
  if(Py_TYPE(o) == known.character) {
    ref const text = ref::own(PyObject_GetAttrString(o, "text"));
    return static_cast<i64>(PyUnicode_READ_CHAR(text.get(), 0));
  }
  if(!number_p(o)) throw_wrong(type, "a number", o);
  double const near = to_double(o, type);
  if(!(near > -0x1.1p63 && near < 0x1.1p63)) throw_range(type, o); // a decimal may write any number of digits
  number = ref::own(PyNumber_Long(o)); // ratios and decimals: towards zero
  int overflow;
  n = PyLong_AsLongLongAndOverflow(number.get(), &overflow);
  if(overflow) throw_range(type, o);
  return n;
}

template<class T> i64 narrow(PyObject* o, char const* type) {
  return in_range(whole(o, type), std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), type);
}

ref to_long(PyObject* o) { return box(cast_long(o)); }
ref to_int(PyObject* o) { return box(cast_int(o)); }
ref to_short(PyObject* o) { return box(narrow<std::int16_t>(o, "short")); }
ref to_byte(PyObject* o) { return box(narrow<std::int8_t>(o, "byte")); }
ref to_real(PyObject* o) { return box(cast_double(o)); }
ref to_float(PyObject* o) {
  double const d = to_double(o, "float");
  if(std::fabs(d) > std::numeric_limits<float>::max()) throw_range("float", o);
  return box(d);
}

// Wrapping casts. Doubles saturate, as the JVM's conversions do.
i64 unchecked_whole(PyObject* o, char const* who) {
  if(PyFloat_Check(o)) {
    double const d = PyFloat_AS_DOUBLE(o);
    if(std::isnan(d)) return 0;
    if(d >= 0x1p63) return std::numeric_limits<i64>::max();
    if(d < -0x1p63) return std::numeric_limits<i64>::min();
    return static_cast<i64>(d);
  }
  if(Py_TYPE(o) == known.big_int) {
    return wrap(PyLong_AsUnsignedLongLongMask(o));
  }
  return whole(o, who);
}
ref unchecked_long(PyObject* o) { return box(unchecked_whole(o, "unchecked-long")); }
ref unchecked_int(PyObject* o) {
  return box(i64{ static_cast<std::int32_t>(unchecked_whole(o, "unchecked-int")) });
}
ref unchecked_short(PyObject* o) {
  return box(i64{ static_cast<std::int16_t>(unchecked_whole(o, "unchecked-short")) });
}
ref unchecked_byte(PyObject* o) {
  return box(i64{ static_cast<std::int8_t>(unchecked_whole(o, "unchecked-byte")) });
}

// -- wrapping arithmetic: of integers 64 bits, of other numbers as the checked functions ----------------

template<i64 (*Wrapping)(i64, i64) noexcept, ref (*Other)(PyObject*, PyObject*)>
ref wrapping(PyObject* a, PyObject* b) {
  i64 i, j;
  if(as_int64(a, i) && as_int64(b, j)) return box(Wrapping(i, j));
  return Other(a, b);
}
template<i64 (*Wrapping)(i64) noexcept, ref (*Other)(PyObject*)> ref wrapping(PyObject* a) {
  i64 i;
  return as_int64(a, i) ? box(Wrapping(i)) : Other(a);
}
template<i64 (*Wrapping)(i64, i64) noexcept> ref wrapping_int(PyObject* a, PyObject* b) {
  return box(i64{ static_cast<std::int32_t>(Wrapping(cast_int(a), cast_int(b))) });
}
template<i64 (*Wrapping)(i64) noexcept> ref wrapping_int(PyObject* a) {
  return box(i64{ static_cast<std::int32_t>(Wrapping(cast_int(a))) });
}

// -- bits -----------------------------------------------------------------------------------------------

template<literal Name, i64 (*F)(i64, i64) noexcept> ref bits(PyObject* a, PyObject* b) {
  return box(F(to_int64(a, Name.text), to_int64(b, Name.text)));
}
template<literal Name, bool (*F)(i64, i64) noexcept> ref bits(PyObject* a, PyObject* b) {
  return box(F(to_int64(a, Name.text), to_int64(b, Name.text)));
}
ref complement(PyObject* a) { return box(bit_not(to_int64(a, "bit-not"))); }

// -- the rest -------------------------------------------------------------------------------------------

template<literal Name> ref same(PyObject* a) {
  if(!number_p(a)) throw_wrong(Name.text, "a number", a);
  return ref::share(a);
}
ref itself(PyObject* a) { return ref::share(a); }
ref reciprocal(PyObject* a) { return div(i64{ 1 }, a); }
ref promoting_inc(PyObject* a) { return add_promoting(a, box(i64{ 1 }).get()); }
ref promoting_dec(PyObject* a) { return sub_promoting(a, box(i64{ 1 }).get()); }
ref promoting_neg(PyObject* a) {
  return PyFloat_Check(a) ? neg(a) : sub_promoting(box(i64{ 0 }).get(), a);
}
bool pos_int_p(PyObject* a) { return int_p(a) && pos_p(a); }
bool neg_int_p(PyObject* a) { return int_p(a) && neg_p(a); }
bool nat_int_p(PyObject* a) { return int_p(a) && !neg_p(a); }
bool nan_p(PyObject* a) { return std::isnan(to_double(a, "NaN?")); }
bool infinite_p(PyObject* a) { return std::isinf(to_double(a, "infinite?")); }
bool number(PyObject* a) { return number_p(a); }
bool int64(PyObject* a) { return int_p(a); }
bool integer(PyObject* a) { return integer_p(a); }
bool real(PyObject* a) { return float_p(a); }
bool ratio(PyObject* a) { return ratio_p(a); }
bool decimal(PyObject* a) { return decimal_p(a); }
bool rational(PyObject* a) { return rational_p(a); }

#define TS_FN(name, callable, doc) { name, fast(callable), METH_FASTCALL, doc }

PyMethodDef methods[] = {
  TS_FN("add", (summed<"+", 0, same<"+">, add>), "The sum of the numbers; integers raise on overflow."),
  TS_FN("sub", (folded<"-", neg, sub>), "The difference; of one number its negation."),
  TS_FN("mul", (summed<"*", 1, same<"*">, mul>), "The product of the numbers; integers raise on overflow."),
  TS_FN("div", (folded<"/", reciprocal, div>), "The quotient, a ratio where integers do not divide."),
  TS_FN("inc", (unary<"inc", inc>), "One more."),
  TS_FN("dec", (unary<"dec", dec>), "One less."),
  TS_FN("unchecked_neg", (unary<"unchecked-negate", wrapping<unchecked_neg, neg>>), "The negation, wrapping at 64 bits."),
  TS_FN("add_promoting", (summed<"+'", 0, same<"+'">, add_promoting>), "The sum, promoted to a big integer."),
  TS_FN("sub_promoting", (folded<"-'", promoting_neg, sub_promoting>), "The difference, promoted."),
  TS_FN("mul_promoting", (summed<"*'", 1, same<"*'">, mul_promoting>), "The product, promoted."),
  TS_FN("inc_promoting", (unary<"inc'", promoting_inc>), "One more, promoted to a big integer."),
  TS_FN("dec_promoting", (unary<"dec'", promoting_dec>), "One less, promoted to a big integer."),
  TS_FN("quot", (binary<"quot", quot>), "The quotient, towards zero."),
  TS_FN("rem", (binary<"rem", rem>), "The remainder of quot, with the sign of the dividend."),
  TS_FN("mod", (binary<"mod", mod>), "The modulus, with the sign of the divisor."),
  TS_FN("abs", (unary<"abs", abs>), "The absolute value; the least 64-bit integer is its own."),
  TS_FN("max", (folded<"max", itself, max>), "The greatest of the numbers; NaN if one is."),
  TS_FN("min", (folded<"min", itself, min>), "The least of the numbers; NaN if one is."),

  TS_FN("lt", (chained<"<", lt>), "True when the numbers rise."),
  TS_FN("le", (chained<"<=", le>), "True when the numbers never fall."),
  TS_FN("gt", (chained<">", gt>), "True when the numbers fall."),
  TS_FN("ge", (chained<">=", ge>), "True when the numbers never rise."),
  TS_FN("num_eq", (chained<"==", num_eq>), "True when the numbers have the same value, whatever their types."),

  TS_FN("is_zero", (predicate<"zero?", zero_p>), "True of zero."),
  TS_FN("is_pos", (predicate<"pos?", pos_p>), "True of numbers above zero."),
  TS_FN("is_neg", (predicate<"neg?", neg_p>), "True of numbers below zero."),
  TS_FN("is_even", (predicate<"even?", even_p>), "True of even integers; other numbers are an error."),
  TS_FN("is_odd", (predicate<"odd?", odd_p>), "True of odd integers; other numbers are an error."),
  TS_FN("is_number", (predicate<"number?", number>), "True of every number."),
  TS_FN("is_int", (predicate<"int?", int64>), "True of 64-bit integers."),
  TS_FN("is_integer", (predicate<"integer?", integer>), "True of integers, big ones too."),
  TS_FN("is_pos_int", (predicate<"pos-int?", pos_int_p>), "True of 64-bit integers above zero."),
  TS_FN("is_neg_int", (predicate<"neg-int?", neg_int_p>), "True of 64-bit integers below zero."),
  TS_FN("is_nat_int", (predicate<"nat-int?", nat_int_p>), "True of 64-bit integers not below zero."),
  TS_FN("is_float", (predicate<"float?", real>), "True of doubles."),
  TS_FN("is_double", (predicate<"double?", real>), "True of doubles."),
  TS_FN("is_ratio", (predicate<"ratio?", ratio>), "True of ratios."),
  TS_FN("is_decimal", (predicate<"decimal?", decimal>), "True of big decimals."),
  TS_FN("is_rational", (predicate<"rational?", rational>), "True of integers, ratios and big decimals."),
  TS_FN("is_nan", (predicate<"NaN?", nan_p>), "True of the double that is not a number."),
  TS_FN("is_infinite", (predicate<"infinite?", infinite_p>), "True of the two infinite doubles."),

  TS_FN("num", (unary<"num", same<"num">>), "The number itself."),
  TS_FN("to_long", (unary<"long", to_long>), "The number as a 64-bit integer, towards zero."),
  TS_FN("to_int", (unary<"int", to_int>), "The number as an integer in the 32-bit range, towards zero."),
  TS_FN("to_short", (unary<"short", to_short>), "The number as an integer in the 16-bit range."),
  TS_FN("to_byte", (unary<"byte", to_byte>), "The number as an integer in the 8-bit range."),
  TS_FN("to_double", (unary<"double", to_real>), "The number as a double."),
  TS_FN("to_float", (unary<"float", to_float>), "The number as a double, which must be in the float range."),

  TS_FN("unchecked_add", (binary<"unchecked-add", wrapping<unchecked_add, add>>), "The sum, wrapping."),
  TS_FN("unchecked_sub", (binary<"unchecked-subtract", wrapping<unchecked_sub, sub>>), "The difference, wrapping."),
  TS_FN("unchecked_mul", (binary<"unchecked-multiply", wrapping<unchecked_mul, mul>>), "The product, wrapping."),
  TS_FN("unchecked_inc", (unary<"unchecked-inc", wrapping<unchecked_inc, inc>>), "One more, wrapping."),
  TS_FN("unchecked_dec", (unary<"unchecked-dec", wrapping<unchecked_dec, dec>>), "One less, wrapping."),
  TS_FN("unchecked_add_int", (binary<"unchecked-add-int", wrapping_int<unchecked_add>>), "The 32-bit sum."),
  TS_FN("unchecked_sub_int", (binary<"unchecked-subtract-int", wrapping_int<unchecked_sub>>),
        "The 32-bit difference."),
  TS_FN("unchecked_mul_int", (binary<"unchecked-multiply-int", wrapping_int<unchecked_mul>>),
        "The 32-bit product."),
  TS_FN("unchecked_inc_int", (unary<"unchecked-inc-int", wrapping_int<unchecked_inc>>), "One more, 32 bits."),
  TS_FN("unchecked_dec_int", (unary<"unchecked-dec-int", wrapping_int<unchecked_dec>>), "One less, 32 bits."),
  TS_FN("unchecked_neg_int", (unary<"unchecked-negate-int", wrapping_int<unchecked_neg>>),
        "The 32-bit negation."),
  TS_FN("unchecked_long", (unary<"unchecked-long", unchecked_long>), "The number's lowest 64 bits."),
  TS_FN("unchecked_int", (unary<"unchecked-int", unchecked_int>), "The number's lowest 32 bits."),
  TS_FN("unchecked_short", (unary<"unchecked-short", unchecked_short>), "The number's lowest 16 bits."),
  TS_FN("unchecked_byte", (unary<"unchecked-byte", unchecked_byte>), "The number's lowest 8 bits."),

  TS_FN("bit_and", (folded<"bit-and", itself, bits<"bit-and", bit_and>>), "Bits set in all."),
  TS_FN("bit_or", (folded<"bit-or", itself, bits<"bit-or", bit_or>>), "Bits set in any."),
  TS_FN("bit_xor", (folded<"bit-xor", itself, bits<"bit-xor", bit_xor>>), "Bits set in an odd number of them."),
  TS_FN("bit_and_not", (folded<"bit-and-not", itself, bits<"bit-and-not", bit_and_not>>),
        "The first's bits without those of the rest."),
  TS_FN("bit_not", (unary<"bit-not", complement>), "All 64 bits flipped."),
  TS_FN("bit_shift_left", (binary<"bit-shift-left", bits<"bit-shift-left", shift_left>>), "Bits shifted left."),
  TS_FN("bit_shift_right", (binary<"bit-shift-right", bits<"bit-shift-right", shift_right>>),
        "Bits shifted right, the sign kept."),
  TS_FN("unsigned_bit_shift_right",
        (binary<"unsigned-bit-shift-right", bits<"unsigned-bit-shift-right", unsigned_shift_right>>),
        "Bits shifted right, zeros from the left."),
  TS_FN("bit_set", (binary<"bit-set", bits<"bit-set", bit_set>>), "The integer with bit n set."),
  TS_FN("bit_clear", (binary<"bit-clear", bits<"bit-clear", bit_clear>>), "The integer with bit n cleared."),
  TS_FN("bit_flip", (binary<"bit-flip", bits<"bit-flip", bit_flip>>), "The integer with bit n flipped."),
  TS_FN("bit_test", (binary<"bit-test", bits<"bit-test", bit_test>>), "True when bit n is set."),
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

i64 cast_long(double d) { return truncated(d, "long"); }
i64 cast_long(PyObject* o) { return whole(o, "long"); }
i64 cast_int(i64 n) {
  return in_range(n, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max(), "int");
}
i64 cast_int(double d) { return cast_int(truncated(d, "int")); }
i64 cast_int(PyObject* o) { return narrow<std::int32_t>(o, "int"); }

bool init_numbers(PyObject* module) { return PyModule_AddFunctions(module, methods) == 0; }

} // namespace ts
