// Arithmetic and comparison of Lisp values. Integers and doubles are handled here, and big integers as far as
// Python's C functions go; ratios and big decimals go to runtime/core/numbers.py.
#include "callable.hpp"
#include "types.hpp"
#include <cmath>
#include <limits>

namespace ts {

using i64 = std::int64_t;

// -- kinds of numbers -----------------------------------------------------------------------------------

namespace {

enum class kind { integer, big, real, exact, none }; // exact: ratio or decimal

struct number {
  kind k;
  i64 i = 0;
  double d = 0;
};

number classify(PyObject* o) noexcept {
  i64 i;
  double d;
  if(as_int64(o, i)) return { kind::integer, i };
  if(as_double(o, d)) return { kind::real, 0, d };
  if(Py_TYPE(o) == known.big_int) return { kind::big };
  if(PyBool_Check(o)) return { kind::none };
  if(PyLong_Check(o)) {
    int overflow;
    i = PyLong_AsLongLongAndOverflow(o, &overflow);
    return overflow ? number{ kind::big } : number{ kind::integer, i };
  }
  if(PyFloat_Check(o)) return { kind::real, 0, PyFloat_AS_DOUBLE(o) };
  if(PyObject_TypeCheck(o, known.fraction) || PyObject_TypeCheck(o, known.decimal)) return { kind::exact };
  return { kind::none };
}

number classify(PyObject* o, char const* who) {
  number const n = classify(o);
  if(n.k == kind::none) throw_wrong(who, "a number", o);
  return n;
}

double as_real(number const& n, PyObject* o) {
  switch(n.k) {
    case kind::integer: return static_cast<double>(n.i);
    case kind::real: return n.d;
    default: break;
  }
  double const d = PyFloat_AsDouble(o);
  if(d == -1.0 && PyErr_Occurred()) {
    if(!PyErr_ExceptionMatches(PyExc_OverflowError)) throw py_error{};
    PyErr_Clear(); // beyond the doubles, as Java has it: infinite
    ref const zero = box(i64{ 0 });
    int const negative = PyObject_RichCompareBool(o, zero.get(), Py_LT);
    if(negative < 0) throw py_error{};
    return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  }
  return d;
}

ref big(ref const& plain) {
  return ref::own(PyObject_CallOneArg(reinterpret_cast<PyObject*>(known.big_int), plain.get()));
}

ref tower(char const* op, PyObject* a, PyObject* b) {
  ref const name = ref::own(PyUnicode_InternFromString(op));
  return call_slow(slow::arithmetic, name.get(), a, b);
}

// Whether Python would take long for their product: runtime/core/huge.py does it.
bool both_huge(PyObject* a, PyObject* b) noexcept {
  constexpr std::size_t bits = 1 << 16;
  return _PyLong_NumBits(a) > bits && _PyLong_NumBits(b) > bits;
}

bool is_integral(kind k) noexcept { return k == kind::integer || k == kind::big; }

// -- operations -----------------------------------------------------------------------------------------

struct op_add {
  static constexpr char const* name = "+";
  static ref ints(i64 a, i64 b) { return box(add(a, b)); }
  static double reals(double a, double b) { return a + b; }
  static binaryfunc big_slot() { return PyLong_Type.tp_as_number->nb_add; }
  static constexpr bool grows = false;
};
struct op_sub {
  static constexpr char const* name = "-";
  static ref ints(i64 a, i64 b) { return box(sub(a, b)); }
  static double reals(double a, double b) { return a - b; }
  static binaryfunc big_slot() { return PyLong_Type.tp_as_number->nb_subtract; }
  static constexpr bool grows = false;
};
struct op_mul {
  static constexpr char const* name = "*";
  static ref ints(i64 a, i64 b) { return box(mul(a, b)); }
  static double reals(double a, double b) { return a * b; }
  static binaryfunc big_slot() { return PyLong_Type.tp_as_number->nb_multiply; }
  static constexpr bool grows = true;
};
struct op_div {
  static constexpr char const* name = "/";
  static ref ints(i64 a, i64 b) { return div(a, b); }
  static double reals(double a, double b) { return a / b; }
  static binaryfunc big_slot() { return nullptr; }
  static constexpr bool grows = false;
};
struct op_quot {
  static constexpr char const* name = "quot";
  static ref ints(i64 a, i64 b) { return box(quot(a, b)); }
  static double reals(double a, double b) { return quot(a, b); }
  static binaryfunc big_slot() { return nullptr; }
  static constexpr bool grows = false;
};
struct op_rem {
  static constexpr char const* name = "rem";
  static ref ints(i64 a, i64 b) { return box(rem(a, b)); }
  static double reals(double a, double b) { return rem(a, b); }
  static binaryfunc big_slot() { return nullptr; }
  static constexpr bool grows = false;
};
struct op_mod {
  static constexpr char const* name = "mod";
  static ref ints(i64 a, i64 b) { return box(mod(a, b)); }
  static double reals(double a, double b) { return mod(a, b); }
  static binaryfunc big_slot() { return nullptr; }
  static constexpr bool grows = false;
};

template<class Op> [[gnu::noinline]] ref arithmetic_slow(PyObject* a, PyObject* b) {
  number const x = classify(a, Op::name);
  number const y = classify(b, Op::name);
  if(x.k == kind::real || y.k == kind::real) return box(Op::reals(as_real(x, a), as_real(y, b)));
  if(x.k == kind::integer && y.k == kind::integer) return Op::ints(x.i, y.i);
  if(is_integral(x.k) && is_integral(y.k) && Op::big_slot() && !(Op::grows && both_huge(a, b)))
    return big(ref::own(Op::big_slot()(a, b)));
  return tower(Op::name, a, b);
}

template<class Op> inline ref arithmetic(PyObject* a, PyObject* b) {
  i64 i, j;
  double x, y;
  if(as_int64(a, i)) {
    if(as_int64(b, j)) return Op::ints(i, j);
    if(as_double(b, y)) return box(Op::reals(static_cast<double>(i), y));
  } else if(as_double(a, x)) {
    if(as_double(b, y)) return box(Op::reals(x, y));
    if(as_int64(b, j)) return box(Op::reals(x, static_cast<double>(j)));
  }
  return arithmetic_slow<Op>(a, b);
}

template<class Op> inline ref arithmetic(PyObject* a, i64 b) {
  i64 i;
  double x;
  if(as_int64(a, i)) return Op::ints(i, b);
  if(as_double(a, x)) return box(Op::reals(x, static_cast<double>(b)));
  return arithmetic_slow<Op>(a, box(b).get());
}
template<class Op> inline ref arithmetic(i64 a, PyObject* b) {
  i64 j;
  double y;
  if(as_int64(b, j)) return Op::ints(a, j);
  if(as_double(b, y)) return box(Op::reals(static_cast<double>(a), y));
  return arithmetic_slow<Op>(box(a).get(), b);
}
template<class Op> inline ref arithmetic(PyObject* a, double b) {
  return box(Op::reals(to_double(a, Op::name), b));
}
template<class Op> inline ref arithmetic(double a, PyObject* b) {
  return box(Op::reals(a, to_double(b, Op::name)));
}

// -- orderings ------------------------------------------------------------------------------------------

struct op_lt {
  static constexpr char const* name = "<";
  static constexpr int code = Py_LT;
  template<class A, class B> static bool of(A a, B b) { return lt(a, b); }
};
struct op_le {
  static constexpr char const* name = "<=";
  static constexpr int code = Py_LE;
  template<class A, class B> static bool of(A a, B b) { return le(a, b); }
};
struct op_gt {
  static constexpr char const* name = ">";
  static constexpr int code = Py_GT;
  template<class A, class B> static bool of(A a, B b) { return gt(a, b); }
};
struct op_ge {
  static constexpr char const* name = ">=";
  static constexpr int code = Py_GE;
  template<class A, class B> static bool of(A a, B b) { return ge(a, b); }
};
struct op_num_eq {
  static constexpr char const* name = "==";
  static constexpr int code = Py_EQ;
  template<class A, class B> static bool of(A a, B b) { return num_eq(a, b); }
};

template<class Op> [[gnu::noinline]] bool ordering_slow(PyObject* a, PyObject* b) {
  number const x = classify(a, Op::name);
  number const y = classify(b, Op::name);
  if((x.k == kind::real && std::isnan(x.d)) || (y.k == kind::real && std::isnan(y.d))) return false;
  if(x.k != kind::exact && y.k != kind::exact) { // Python compares these exactly
    int const holds = PyObject_RichCompareBool(a, b, Op::code);
    if(holds < 0) throw py_error{};
    return holds != 0;
  }
  ref const order = call_slow(slow::ordering, a, b);
  return Op::of(to_int64(order.get(), Op::name), i64{ 0 });
}

template<class Op> inline bool ordering(PyObject* a, PyObject* b) {
  i64 i, j;
  double x, y;
  if(as_int64(a, i)) {
    if(as_int64(b, j)) return Op::of(i, j);
    if(as_double(b, y)) return Op::of(i, y);
  } else if(as_double(a, x)) {
    if(as_double(b, y)) return Op::of(x, y);
    if(as_int64(b, j)) return Op::of(x, j);
  }
  return ordering_slow<Op>(a, b);
}

template<class Op, class U> inline bool ordering(PyObject* a, U b) {
  i64 i;
  double x;
  if(as_int64(a, i)) return Op::of(i, b);
  if(as_double(a, x)) return Op::of(x, b);
  return ordering_slow<Op>(a, box(b).get());
}
template<class Op, class U> inline bool ordering_back(U a, PyObject* b) {
  i64 j;
  double y;
  if(as_int64(b, j)) return Op::of(a, j);
  if(as_double(b, y)) return Op::of(a, y);
  return ordering_slow<Op>(box(a).get(), b);
}

bool nan_p(PyObject* o, char const* who) {
  number const n = classify(o, who);
  return n.k == kind::real && std::isnan(n.d);
}

} // namespace

#define TS_ARITHMETIC(name, op)                                                                              \
  ref name(PyObject* a, PyObject* b) { return arithmetic<op>(a, b); }                                        \
  ref name(PyObject* a, i64 b) { return arithmetic<op>(a, b); }                                              \
  ref name(i64 a, PyObject* b) { return arithmetic<op>(a, b); }                                              \
  ref name(PyObject* a, double b) { return arithmetic<op>(a, b); }                                           \
  ref name(double a, PyObject* b) { return arithmetic<op>(a, b); }
TS_ARITHMETIC(add, op_add)
TS_ARITHMETIC(sub, op_sub)
TS_ARITHMETIC(mul, op_mul)
TS_ARITHMETIC(div, op_div)
TS_ARITHMETIC(quot, op_quot)
TS_ARITHMETIC(rem, op_rem)
TS_ARITHMETIC(mod, op_mod)
#undef TS_ARITHMETIC

#define TS_ORDERING(name, op)                                                                                \
  bool name(PyObject* a, PyObject* b) { return ordering<op>(a, b); }                                         \
  bool name(PyObject* a, i64 b) { return ordering<op>(a, b); }                                               \
  bool name(i64 a, PyObject* b) { return ordering_back<op>(a, b); }                                          \
  bool name(PyObject* a, double b) { return ordering<op>(a, b); }                                            \
  bool name(double a, PyObject* b) { return ordering_back<op>(a, b); }
TS_ORDERING(lt, op_lt)
TS_ORDERING(le, op_le)
TS_ORDERING(gt, op_gt)
TS_ORDERING(ge, op_ge)
TS_ORDERING(num_eq, op_num_eq)
#undef TS_ORDERING

ref max(PyObject* a, PyObject* b) {
  if(nan_p(a, "max")) return ref::share(a);
  if(nan_p(b, "max")) return ref::share(b);
  return ref::share(gt(a, b) ? a : b);
}
ref min(PyObject* a, PyObject* b) {
  if(nan_p(a, "min")) return ref::share(a);
  if(nan_p(b, "min")) return ref::share(b);
  return ref::share(lt(a, b) ? a : b);
}
#define TS_EXTREME(name)                                                                                     \
  ref name(PyObject* a, i64 b) { return name(a, box(b).get()); }                                             \
  ref name(i64 a, PyObject* b) { return name(box(a).get(), b); }                                             \
  ref name(PyObject* a, double b) { return name(a, box(b).get()); }                                          \
  ref name(double a, PyObject* b) { return name(box(a).get(), b); }
TS_EXTREME(max)
TS_EXTREME(min)
#undef TS_EXTREME

ref div(i64 a, i64 b) {
  if(b == 0) throw_divide_by_zero();
  if(b == -1) return box(neg(a));
  if(a % b == 0) return box(a / b);
  return tower("/", box(a).get(), box(b).get());
}

double quot(double a, double b) {
  if(b == 0) throw_divide_by_zero();
  return std::trunc(a / b);
}
double rem(double a, double b) {
  if(b == 0) throw_divide_by_zero();
  return a - std::trunc(a / b) * b; // Clojure's, not fmod: the quotient is rounded first
}
double mod(double a, double b) {
  double const r = rem(a, b);
  return r == 0 || (r > 0) == (b > 0) ? r : r + b;
}

int compare_exact(i64 a, double b) noexcept {
  if(std::isnan(b)) return 2;
  if(b >= 0x1p63) return -1;
  if(b < -0x1p63) return 1;
  i64 const whole = static_cast<i64>(b); // exact: |b| is within the int64 range
  if(a != whole) return a < whole ? -1 : 1;
  double const rest = b - static_cast<double>(whole);
  return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

bool as_int64_slow(PyObject* o, i64& out) noexcept {
  int overflow;
  out = PyLong_AsLongLongAndOverflow(o, &overflow);
  return overflow == 0;
}

i64 to_int64(PyObject* o, char const* who) {
  i64 i;
  if(as_int64(o, i)) return i;
  number const n = classify(o);
  if(n.k == kind::integer) return n.i;
  if(n.k != kind::big) throw_wrong(who, "an integer", o);
  int overflow;
  i = PyLong_AsLongLongAndOverflow(o, &overflow);
  if(overflow) throw_overflow();
  return i;
}

double to_double(PyObject* o, char const* who) {
  double d;
  if(as_double(o, d)) return d;
  return as_real(classify(o, who), o);
}

bool number_p(PyObject* o) noexcept { return classify(o).k != kind::none; }
bool int_p(PyObject* o) noexcept { return classify(o).k == kind::integer; }
bool integer_p(PyObject* o) noexcept { return is_integral(classify(o).k); }
bool float_p(PyObject* o) noexcept { return PyFloat_Check(o); }
bool ratio_p(PyObject* o) noexcept { return PyObject_TypeCheck(o, known.fraction); }
bool decimal_p(PyObject* o) noexcept { return PyObject_TypeCheck(o, known.decimal); }
bool rational_p(PyObject* o) noexcept { return number_p(o) && !float_p(o); }

// -- of one number --------------------------------------------------------------------------------------

ref inc(PyObject* a) { return add(a, i64{ 1 }); }
ref dec(PyObject* a) { return sub(a, i64{ 1 }); }

ref neg(PyObject* a) {
  double d;
  if(as_double(a, d)) return box(-d); // 0 - 0.0 would lose the sign
  return sub(i64{ 0 }, a);
}

ref abs(PyObject* a) {
  number const n = classify(a, "abs");
  if(n.k == kind::integer) return box(abs(n.i));
  if(n.k == kind::real) return box(std::fabs(n.d));
  return lt(a, i64{ 0 }) ? neg(a) : ref::share(a);
}

bool zero_p(PyObject* a) {
  number const n = classify(a, "zero?");
  return n.k == kind::integer ? n.i == 0 : n.k == kind::real ? n.d == 0 : num_eq(a, i64{ 0 });
}
bool pos_p(PyObject* a) {
  number const n = classify(a, "pos?");
  return n.k == kind::integer ? n.i > 0 : n.k == kind::real ? n.d > 0 : gt(a, i64{ 0 });
}
bool neg_p(PyObject* a) {
  number const n = classify(a, "neg?");
  return n.k == kind::integer ? n.i < 0 : n.k == kind::real ? n.d < 0 : lt(a, i64{ 0 });
}

namespace {

bool parity(PyObject* a, char const* who) {
  number const n = classify(a);
  if(n.k == kind::integer) return (n.i & 1) != 0;
  if(n.k != kind::big) throw_wrong(who, "an integer", a);
  ref const one = box(i64{ 1 });
  ref const bit = ref::own(PyLong_Type.tp_as_number->nb_and(a, one.get()));
  return PyObject_IsTrue(bit.get()) == 1;
}

// Where `Op` of two 64-bit integers overflows, the same of big integers.
template<class Op> ref promoting(PyObject* a, PyObject* b, bool (*overflows)(i64, i64, i64*)) {
  i64 i, j, r;
  if(!as_int64(a, i) || !as_int64(b, j)) return arithmetic<Op>(a, b);
  if(!overflows(i, j, &r)) return box(r);
  return big(ref::own(Op::big_slot()(a, b)));
}

} // namespace

bool even_p(PyObject* a) { return !parity(a, "even?"); }
bool odd_p(PyObject* a) { return parity(a, "odd?"); }

ref add_promoting(PyObject* a, PyObject* b) {
  return promoting<op_add>(a, b, [](i64 x, i64 y, i64* r) { return __builtin_add_overflow(x, y, r); });
}
ref sub_promoting(PyObject* a, PyObject* b) {
  return promoting<op_sub>(a, b, [](i64 x, i64 y, i64* r) { return __builtin_sub_overflow(x, y, r); });
}
ref mul_promoting(PyObject* a, PyObject* b) {
  return promoting<op_mul>(a, b, [](i64 x, i64 y, i64* r) { return __builtin_mul_overflow(x, y, r); });
}

} // namespace ts
