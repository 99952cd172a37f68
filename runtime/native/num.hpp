// Numbers whose kind shows only at run time, unboxed all the same: what compiled code holds where it knows of
// arithmetic but not of types. Any other Lisp value fits too, as the object that it is.
#pragma once
#include "equality.hpp"
#include "numbers.hpp"

// The operations that are alike: X(name) for each. Dividing integers may give a ratio, so `div` stands apart.
#define TS_OPERATIONS(X) X(add) X(sub) X(mul) X(quot) X(rem) X(mod) X(max) X(min)
#define TS_TESTS(X) X(lt) X(le) X(gt) X(ge) X(num_eq) X(equal)

namespace ts {

struct num;

// A borrowed one: an int64, a double or an object. Small enough for two registers.
struct numv {
  enum : std::int64_t { integer, real, object };
  std::int64_t kind;
  std::int64_t bits;

  TS_INLINE numv(std::int64_t i) noexcept : kind(integer), bits(i) {}
  TS_INLINE numv(double d) noexcept : kind(real), bits(__builtin_bit_cast(std::int64_t, d)) {}
  numv(bool) = delete;
  TS_INLINE numv(PyObject* o) noexcept {
    double d;
    if(as_int64(o, bits)) kind = integer;
    else if(as_double(o, d)) kind = real, bits = __builtin_bit_cast(std::int64_t, d);
    else kind = object, bits = reinterpret_cast<std::int64_t>(o);
  }
  TS_INLINE numv(ref const& r) noexcept : numv(r.p) {}

  TS_INLINE double d() const noexcept { return __builtin_bit_cast(double, bits); }
  TS_INLINE PyObject* o() const noexcept { return reinterpret_cast<PyObject*>(bits); }
};

// An owned one.
struct num {
  numv v;

  TS_INLINE num() noexcept : v(std::int64_t{ 0 }) {}
  TS_INLINE num(numv view) noexcept : v(view) { if(v.kind == numv::object) keep(v.o()); }
  TS_INLINE num(std::int64_t i) noexcept : v(i) {}
  TS_INLINE num(double d) noexcept : v(d) {}
  TS_INLINE num(bool b) noexcept : num(numv(b ? Py_True : Py_False)) {}
  TS_INLINE num(PyObject* o) noexcept : num(numv(o)) {}
  TS_INLINE num(ref const& r) noexcept : num(numv(r.p)) {}
  TS_INLINE num(num const& n) noexcept : num(n.v) {}
  TS_INLINE num(num&& n) noexcept : v(n.v) { n.v.kind = numv::integer; }
  TS_INLINE num& operator=(num n) noexcept {
    numv const old = v;
    v = n.v;
    n.v = old;
    return *this;
  }
  TS_INLINE ~num() { if(v.kind == numv::object) let_go(v.o()); }
  TS_INLINE operator numv() const noexcept { return v; }

  // What a function gave that counts as owned already.
  TS_INLINE static num own(numv owned) noexcept { return num(owned, 0); }
  TS_INLINE numv release() noexcept {
    numv const given = v;
    v.kind = numv::integer;
    return given;
  }

private:
  TS_INLINE num(numv owned, int) noexcept : v(owned) {}
};

TS_API ref box(numv v);
TS_INLINE ref box(num const& n) { return box(n.v); }
TS_INLINE bool truthy(num const& n) noexcept { return n.v.kind != numv::object || truthy(n.v.o()); }

namespace dynamic { // the operations of numbers.hpp, where at least one operand is of unknown kind

TS_API double real_slow(numv v, char const* who);
TS_INLINE double real(PyObject* o, char const* who) {
  double d;
  return as_double(o, d) ? d : real_slow(o, who);
}
TS_INLINE double real(numv v, char const* who) { return v.kind == numv::real ? v.d() : real_slow(v, who); }

#define TS_NUM(name)                                                                                         \
  TS_API numv name##_slow(numv a, numv b);                                                                   \
  TS_INLINE num name(numv a, numv b) {                                                                          \
    if(a.kind == numv::integer && b.kind == numv::integer) return ts::name(a.bits, b.bits);                  \
    if(a.kind == numv::real && b.kind == numv::real) return ts::name(a.d(), b.d());                          \
    return num::own(name##_slow(a, b));                                                                      \
  }
TS_OPERATIONS(TS_NUM)
#undef TS_NUM

TS_API numv div_slow(numv a, numv b);
TS_INLINE num div(numv a, numv b) {
  if(a.kind == numv::real && b.kind == numv::real) return a.d() / b.d();
  return num::own(div_slow(a, b));
}
TS_INLINE num inc(numv a) { return add(a, std::int64_t{ 1 }); }
TS_INLINE num dec(numv a) { return sub(a, std::int64_t{ 1 }); }

#define TS_TEST(name)                                                                                        \
  TS_API bool name##_slow(numv a, numv b);                                                                   \
  TS_INLINE bool name(numv a, numv b) {                                                                         \
    if(a.kind == numv::integer && b.kind == numv::integer) return ts::name(a.bits, b.bits);                  \
    if(a.kind == numv::real && b.kind == numv::real) return ts::name(a.d(), b.d());                          \
    return name##_slow(a, b);                                                                                \
  }
TS_TESTS(TS_TEST)
#undef TS_TEST

#define TS_SIGN(name)                                                                                        \
  TS_INLINE bool name(numv a) {                                                                                 \
    if(a.kind == numv::integer) return ts::name(a.bits);                                                     \
    return a.kind == numv::real ? ts::name(a.d()) : ts::name(a.o());                                         \
  }
TS_SIGN(zero_p)
TS_SIGN(pos_p)
TS_SIGN(neg_p)
#undef TS_SIGN

#define TS_CAST(name, type)                                                                                  \
  TS_INLINE type name(numv a) {                                                                                 \
    if(a.kind == numv::integer) return ts::name(a.bits);                                                     \
    return a.kind == numv::real ? ts::name(a.d()) : ts::name(a.o());                                         \
  }
TS_CAST(cast_double, double)
TS_CAST(cast_long, std::int64_t)
TS_CAST(cast_int, std::int64_t)
#undef TS_CAST

} // namespace dynamic

namespace called { // the same as calls: slower, and quicker to compile, for code that is not in a loop

struct operand : numv {
  TS_INLINE operand(std::int64_t i) noexcept : numv(i) {}
  TS_INLINE operand(double d) noexcept : numv(d) {}
  TS_INLINE operand(num const& n) noexcept : numv(n.v) {}
  TS_API operand(PyObject* o) noexcept;
  TS_INLINE operand(ref const& r) noexcept : operand(r.p) {}
};

#define TS_NUM(name) TS_API numv name(operand a, operand b);
TS_OPERATIONS(TS_NUM)
TS_NUM(div)
#undef TS_NUM
TS_API numv inc(operand a);
TS_API numv dec(operand a);
#define TS_TEST(name) TS_API bool name(operand a, operand b);
TS_TESTS(TS_TEST)
#undef TS_TEST
TS_API bool zero_p(operand a);
TS_API bool pos_p(operand a);
TS_API bool neg_p(operand a);
TS_API double cast_double(operand a);
TS_API std::int64_t cast_long(operand a);
TS_API std::int64_t cast_int(operand a);
TS_API double real(operand a, char const* who);

} // namespace called
} // namespace ts
