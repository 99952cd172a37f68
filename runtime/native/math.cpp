// clojure.math as Python callables; runtime/core/math.py gives them their Lisp names.
#include "math.hpp"
#include "callable.hpp"
#include "module.hpp"

namespace ts {

using i64 = std::int64_t;

namespace {

template<literal Name, double (*F)(double) noexcept> ref real(PyObject* x) {
  return box(F(to_double(x, Name.text)));
}
template<literal Name, i64 (*F)(double) noexcept> ref real(PyObject* x) {
  return box(F(to_double(x, Name.text)));
}
template<literal Name, double (*F)(double, double) noexcept> ref reals(PyObject* x, PyObject* y) {
  return box(F(to_double(x, Name.text), to_double(y, Name.text)));
}
template<literal Name, i64 (*F)(i64)> ref whole(PyObject* x) { return box(F(to_int64(x, Name.text))); }
template<literal Name, i64 (*F)(i64, i64)> ref wholes(PyObject* x, PyObject* y) {
  return box(F(to_int64(x, Name.text), to_int64(y, Name.text)));
}

ref scalb(PyObject* x, PyObject* power) {
  i64 const limited = max(i64{ -5000 }, min(i64{ 5000 }, to_int64(power, "scalb")));
  return box(__builtin_ldexp(to_double(x, "scalb"), static_cast<int>(limited)));
}

#define TS_ONE(name, lisp, function, doc) { "math_" name, fast(unary<lisp, real<lisp, math::function>>), METH_FASTCALL, doc }
#define TS_TWO(name, lisp, function, doc) { "math_" name, fast(binary<lisp, reals<lisp, math::function>>), METH_FASTCALL, doc }
#define TS_EXACT_ONE(name, lisp, function, doc) { "math_" name, fast(unary<lisp, whole<lisp, function>>), METH_FASTCALL, doc }
#define TS_EXACT(name, lisp, function, doc) { "math_" name, fast(binary<lisp, wholes<lisp, function>>), METH_FASTCALL, doc }

PyMethodDef methods[] = {
  TS_ONE("sin", "sin", sin, "The sine of an angle in radians."),
  TS_ONE("cos", "cos", cos, "The cosine of an angle in radians."),
  TS_ONE("tan", "tan", tan, "The tangent of an angle in radians."),
  TS_ONE("asin", "asin", asin, "The angle in radians whose sine is x."),
  TS_ONE("acos", "acos", acos, "The angle in radians whose cosine is x."),
  TS_ONE("atan", "atan", atan, "The angle in radians whose tangent is x."),
  TS_ONE("sinh", "sinh", sinh, "The hyperbolic sine."),
  TS_ONE("cosh", "cosh", cosh, "The hyperbolic cosine."),
  TS_ONE("tanh", "tanh", tanh, "The hyperbolic tangent."),
  TS_ONE("to_radians", "to-radians", to_radians, "Degrees as radians."),
  TS_ONE("to_degrees", "to-degrees", to_degrees, "Radians as degrees."),
  TS_ONE("exp", "exp", exp, "e to the power of x."),
  TS_ONE("expm1", "expm1", expm1, "e to the power of x, less one."),
  TS_ONE("log", "log", log, "The natural logarithm."),
  TS_ONE("log10", "log10", log10, "The logarithm to the base 10."),
  TS_ONE("log1p", "log1p", log1p, "The natural logarithm of x and one."),
  TS_ONE("sqrt", "sqrt", sqrt, "The square root; NaN of negative numbers."),
  TS_ONE("cbrt", "cbrt", cbrt, "The cube root."),
  TS_ONE("ceil", "ceil", ceil, "The least whole double not below x."),
  TS_ONE("floor", "floor", floor, "The greatest whole double not above x."),
  TS_ONE("rint", "rint", rint, "The nearest whole double, ties to the even one."),
  TS_ONE("round", "round", round, "The nearest integer, ties upwards; 0 of NaN."),
  TS_ONE("signum", "signum", signum, "1.0, -1.0 or x itself, by its sign."),
  TS_ONE("ulp", "ulp", ulp, "The distance to the next larger double."),
  TS_ONE("get_exponent", "get-exponent", get_exponent, "The exponent of 2 in the double."),
  TS_ONE("next_up", "next-up", next_up, "The next double above."),
  TS_ONE("next_down", "next-down", next_down, "The next double below."),
  TS_TWO("atan2", "atan2", atan2, "The angle in radians of the point (x, y), given y and x."),
  TS_TWO("hypot", "hypot", hypot, "The length of the vector (x, y)."),
  TS_TWO("pow", "pow", pow, "x to the power of y."),
  TS_TWO("copy_sign", "copy-sign", copy_sign, "x with the sign of y."),
  TS_TWO("next_after", "next-after", next_after, "The double next to x towards y."),
  TS_TWO("ieee_remainder", "IEEE-remainder", ieee_remainder, "x less the nearest multiple of y."),
  { "math_scalb", fast(binary<"scalb", scalb>), METH_FASTCALL, "x times 2 to the power of an integer." },
  TS_EXACT_ONE("increment_exact", "increment-exact", inc, "One more; raises on overflow."),
  TS_EXACT_ONE("decrement_exact", "decrement-exact", dec, "One less; raises on overflow."),
  TS_EXACT_ONE("negate_exact", "negate-exact", neg, "The negation; raises on overflow."),
  TS_EXACT("add_exact", "add-exact", add, "The sum of integers; raises on overflow."),
  TS_EXACT("subtract_exact", "subtract-exact", sub, "The difference of integers; raises on overflow."),
  TS_EXACT("multiply_exact", "multiply-exact", mul, "The product of integers; raises on overflow."),
  TS_EXACT("floor_div", "floor-div", math::floor_div, "The quotient of integers, towards minus infinity."),
  TS_EXACT("floor_mod", "floor-mod", mod, "The modulus of integers, with the sign of the divisor."),
  { nullptr, nullptr, 0, nullptr },
};

} // namespace

bool init_math(PyObject* module) { return PyModule_AddFunctions(module, methods) == 0; }

} // namespace ts
