// Tier 0: core functions. The usual operands are done here; all others, and every error, are the function's own.
#include "../look_up.hpp"
#include "builder.hpp"
#include <algorithm>
#include <string_view>

namespace ts::tier0 {

namespace {

using i64 = std::int64_t;

constexpr value elsewhere{ -1, 0 }; // not one of the usual operands

struct operation : node {
  PyObject* function;
  int place;
  // Calls the function; the operands are consumed.
  [[gnu::noinline]] value call(frame& f, value* operands, int count) const noexcept {
    value const result = call_value(function, operands, count);
    return result.stopped() ? f.failed(place) : result;
  }
  [[gnu::noinline]] value elsewhere_done(frame& f, value a, value b) const noexcept {
    value operands[] = { a, b };
    return call(f, operands, 2);
  }
  [[gnu::noinline]] value right_failed(frame& f, value left) const noexcept {
    PyObject *type, *error, *trace;
    PyErr_Fetch(&type, &error, &trace); // what is let go of may run anything
    left.drop();
    PyErr_Restore(type, error, trace);
    return f.failed(place);
  }
};

// --- of two numbers ------------------------------------------------------------------------------

#define TS_CHECKED(name, builtin, op)                                                                        \
  struct name {                                                                                              \
    static value of(i64 a, i64 b) noexcept {                                                                 \
      i64 r;                                                                                                 \
      return builtin(a, b, &r) ? elsewhere : value::of(r);                                                   \
    }                                                                                                        \
    static value of(double a, double b) noexcept { return value::of(a op b); }                               \
    static value of(i64 a, double b) noexcept { return value::of(static_cast<double>(a) op b); }             \
    static value of(double a, i64 b) noexcept { return value::of(a op static_cast<double>(b)); }             \
  };
TS_CHECKED(adding, __builtin_saddl_overflow, +)
TS_CHECKED(subtracting, __builtin_ssubl_overflow, -)
TS_CHECKED(multiplying, __builtin_smull_overflow, *)
#undef TS_CHECKED

struct dividing {
  static value of(i64 a, i64 b) noexcept {
    return b == 0 || b == -1 || a % b != 0 ? elsewhere : value::of(a / b);
  }
  static value of(double a, double b) noexcept { return value::of(a / b); }
  static value of(i64 a, double b) noexcept { return value::of(static_cast<double>(a) / b); }
  static value of(double a, i64 b) noexcept { return value::of(a / static_cast<double>(b)); }
};

#define TS_DIVIDING(name, function)                                                                          \
  struct name {                                                                                              \
    static value of(i64 a, i64 b) noexcept {                                                                 \
      return b == 0 || b == -1 ? elsewhere : value::of(ts::function(a, b));                                  \
    }                                                                                                        \
    static value of(double a, double b) noexcept {                                                           \
      return b == 0 ? elsewhere : value::of(ts::function(a, b));                                             \
    }                                                                                                        \
    static value of(i64 a, double b) noexcept { return of(static_cast<double>(a), b); }                      \
    static value of(double a, i64 b) noexcept { return of(a, static_cast<double>(b)); }                      \
  };
TS_DIVIDING(quotient, quot)
TS_DIVIDING(remainder, rem)
TS_DIVIDING(modulus, mod)
#undef TS_DIVIDING

#define TS_INTEGERS(name, function)                                                                          \
  struct name {                                                                                              \
    static value of(i64 a, i64 b) noexcept { return value::of(ts::function(a, b)); }                         \
    template<class A, class B> static value of(A, B) noexcept { return elsewhere; }                          \
  };
TS_INTEGERS(wrapping_add, unchecked_add)
TS_INTEGERS(wrapping_sub, unchecked_sub)
TS_INTEGERS(wrapping_mul, unchecked_mul)
TS_INTEGERS(anding, bit_and)
TS_INTEGERS(oring, bit_or)
TS_INTEGERS(xoring, bit_xor)
TS_INTEGERS(shifting_left, shift_left)
TS_INTEGERS(shifting_right, shift_right)
#undef TS_INTEGERS

#define TS_ALIKE(name, function)                                                                             \
  struct name {                                                                                              \
    static value of(i64 a, i64 b) noexcept { return value::of(ts::function(a, b)); }                         \
    static value of(double a, double b) noexcept { return value::of(ts::function(a, b)); }                   \
    template<class A, class B> static value of(A, B) noexcept { return elsewhere; }                          \
  };
TS_ALIKE(maximum, max)
TS_ALIKE(minimum, min)
#undef TS_ALIKE

// `Op` on two values of any kind: elsewhere where it does not apply.
template<class Op> [[gnu::always_inline]] inline value both(value a, value b) noexcept {
  if(a.kind == value::integer && b.kind == value::integer) return Op::of(a.bits, b.bits);
  if(a.kind == value::real && b.kind == value::real) return Op::of(a.d(), b.d());
  if(a.kind == value::integer && b.kind == value::real) return Op::of(a.bits, b.d());
  if(a.kind == value::real && b.kind == value::integer) return Op::of(a.d(), b.bits);
  return elsewhere;
}

// Where an operand comes from; numbers come unboxed.
struct from_node {
  node const* n;
  [[gnu::always_inline]] value get(frame& f) const noexcept { return n->run(f).unboxed(); }
};
struct from_local {
  int slot;
  [[gnu::always_inline]] value get(frame& f) const noexcept {
    value const v = f.slots[slot];
    return __builtin_expect(!v.is_object(), 1) ? v : v.copy().unboxed();
  }
};
struct from_constant {
  i64 i;
  value get(frame&) const noexcept { return value::of(i); }
};

template<class Op, class L, class R> struct binary final : operation {
  L left;
  R right;
  value run(frame& f) const noexcept override {
    value const a = left.get(f);
    if(__builtin_expect(a.stopped(), 0)) return f.failed(place);
    value const b = right.get(f);
    if(__builtin_expect(b.stopped(), 0)) return right_failed(f, a);
    value const result = both<Op>(a, b);
    return __builtin_expect(result.kind >= 0, 1) ? result : elsewhere_done(f, a, b);
  }
};

// --- tests ---------------------------------------------------------------------------------------

#define TS_TEST(name, function)                                                                              \
  struct name {                                                                                              \
    template<class A, class B> static value of(A a, B b) noexcept { return { value::integer, ts::function(a, b) }; } \
  };
TS_TEST(less, lt)
TS_TEST(less_or_equal, le)
TS_TEST(greater, gt)
TS_TEST(greater_or_equal, ge)
TS_TEST(equal_numbers, num_eq)
#undef TS_TEST
struct equal_values {
  template<class A, class B> static value of(A a, B b) noexcept { return { value::integer, ts::equal(a, b) }; }
};

// What gives an answer as an integer where it is usual, else calls the function.
struct answering : operation {
  value run(frame& f) const noexcept final {
    int const holds = test(f);
    return holds < 0 ? value::failure() : value::of(holds != 0);
  }
  int answer_of(frame& f, value* operands, int count) const noexcept {
    value const result = call(f, operands, count);
    return result.stopped() ? -1 : result.truth();
  }
};

template<class Op, class L, class R> struct comparison final : answering {
  L left;
  R right;
  int test(frame& f) const noexcept override {
    value const a = left.get(f);
    if(__builtin_expect(a.stopped(), 0)) return f.failed(place), -1;
    value const b = right.get(f);
    if(__builtin_expect(b.stopped(), 0)) return right_failed(f, a), -1;
    value const result = both<Op>(a, b);
    if(__builtin_expect(result.kind >= 0, 1)) return static_cast<int>(result.bits);
    value const answer = elsewhere_done(f, a, b);
    return answer.stopped() ? -1 : answer.truth();
  }
};

struct zero { template<class A> static bool of(A a) noexcept { return zero_p(a); } };
struct positive { template<class A> static bool of(A a) noexcept { return pos_p(a); } };
struct negative { template<class A> static bool of(A a) noexcept { return neg_p(a); } };

template<class Op> struct sign final : answering {
  node const* operand;
  int test(frame& f) const noexcept override {
    value v = operand->run(f).unboxed();
    if(v.kind == value::integer) return Op::of(v.bits);
    if(v.kind == value::real) return Op::of(v.d());
    if(v.stopped()) return f.failed(place), -1;
    return answer_of(f, &v, 1);
  }
};

struct is_nil final : node {
  node const* operand;
  bool expected;
  value run(frame& f) const noexcept override {
    int const holds = test(f);
    return holds < 0 ? value::failure() : value::of(holds != 0);
  }
  int test(frame& f) const noexcept override {
    value const v = operand->run(f);
    if(v.stopped()) return -1;
    bool const nil = v.is_object() && v.o() == Py_None;
    v.drop();
    return nil == expected;
  }
};

struct negation final : node {
  node const* operand;
  value run(frame& f) const noexcept override {
    int const holds = test(f);
    return holds < 0 ? value::failure() : value::of(holds != 0);
  }
  int test(frame& f) const noexcept override {
    int const holds = operand->test(f);
    return holds < 0 ? -1 : !holds;
  }
};

// --- of one number -------------------------------------------------------------------------------

struct to_double {
  static value of(i64 a) noexcept { return value::of(static_cast<double>(a)); }
  static value of(double a) noexcept { return value::of(a); }
};
struct to_long {
  static value of(i64 a) noexcept { return value::of(a); }
  static value of(double a) noexcept {
    return a >= -0x1p63 && a < 0x1p63 ? value::of(static_cast<i64>(a)) : elsewhere;
  }
};
struct to_int {
  static value of(i64 a) noexcept { return a == static_cast<std::int32_t>(a) ? value::of(a) : elsewhere; }
  static value of(double) noexcept { return elsewhere; }
};

template<class Op> struct unary final : operation {
  node const* operand;
  value run(frame& f) const noexcept override {
    value v = operand->run(f).unboxed();
    value result = elsewhere;
    if(v.kind == value::integer) result = Op::of(v.bits);
    else if(v.kind == value::real) result = Op::of(v.d());
    else if(v.stopped()) return f.failed(place);
    return __builtin_expect(result.kind >= 0, 1) ? result : call(f, &v, 1);
  }
};

// --- look-ups ------------------------------------------------------------------------------------

enum class look_up : int { get, nth, count, first };

struct look_up_node final : operation {
  look_up which;
  nodes args;
  value run(frame& f) const noexcept override {
    value* const values = TS_VALUES(3);
    pending given(values);
    if(!given.all(f, args)) return f.failed(place);
    value const result = find(values);
    if(result.kind == value::failed) { // what is let go of may run anything
      PyObject *type, *error, *trace;
      PyErr_Fetch(&type, &error, &trace);
      while(given.count) values[--given.count].drop();
      PyErr_Restore(type, error, trace);
      return f.failed(place);
    }
    return result;
  }
  value find(value* values) const noexcept {
    return guarded_value([&] {
      bool const with_index = which == look_up::nth && values[1].kind == value::integer;
      i64 const index = with_index ? values[1].bits : 0;
      PyObject* objects[3] = {};
      for(int i = 0; i < args.count; ++i) {
        if(i == 1 && with_index) continue;
        objects[i] = ref::own(values[i].boxed()).release();
        values[i] = value::own(objects[i]);
      }
      switch(which) {
        case look_up::count: return value::of(ts::count(objects[0]));
        case look_up::first: return value::own(ts::first(objects[0]).release());
        case look_up::get: {
          ref made;
          PyObject* const fallback = args.count == 3 ? objects[2] : Py_None;
          PyObject* const found = get_borrowed(objects[0], objects[1], fallback, made);
          return made.p == found ? value::own(made.release()) : value::share(found);
        }
        default: break;
      }
      if(args.count == 3) {
        return value::own((with_index ? ts::nth(objects[0], index, objects[2])
                                      : ts::nth(objects[0], objects[1], objects[2])).release());
      }
      return value::own((with_index ? ts::nth(objects[0], index) : ts::nth(objects[0], objects[1])).release());
    });
  }
};

// Any other core function.
struct core_call final : operation {
  nodes args;
  value run(frame& f) const noexcept override {
    value* const values = TS_VALUES(args.count);
    pending given(values);
    if(!given.all(f, args)) return f.failed(place);
    given.forget();
    return call(f, values, args.count);
  }
};

// --- building: (name, function, arguments, place) ------------------------------------------------

template<class T> T* operation_of(builder& b, PyObject* r) {
  auto* const n = b.make<T>();
  n->function = b.hold(field(r, 1));
  n->place = number(field(r, 3));
  return n;
}

bool is(PyObject* r, char const* name) { return std::string_view(Py_TYPE(r)->tp_name) == name; }

template<class T, class L, class R> node const* make_with(builder& b, PyObject* r, L left, R right) {
  auto* const n = operation_of<T>(b, r);
  n->left = left;
  n->right = right;
  return n;
}

template<template<class, class, class> class T, class Op, class L>
node const* make_right(builder& b, PyObject* r, L left) {
  PyObject* const arg = field(field(r, 2), 1);
  i64 i;
  if(is(arg, "Const") && as_int64(field(arg, 0), i))
    return make_with<T<Op, L, from_constant>>(b, r, left, from_constant{ i });
  if(is(arg, "Local")) return make_with<T<Op, L, from_local>>(b, r, left, from_local{ number(field(arg, 0)) });
  return make_with<T<Op, L, from_node>>(b, r, left, from_node{ b.build(arg) });
}

template<template<class, class, class> class T, class Op> node const* make_two(builder& b, PyObject* r) {
  PyObject* const arg = field(field(r, 2), 0);
  if(is(arg, "Local")) return make_right<T, Op>(b, r, from_local{ number(field(arg, 0)) });
  return make_right<T, Op>(b, r, from_node{ b.build(arg) });
}
template<class Op> node const* make_binary(builder& b, PyObject* r) { return make_two<binary, Op>(b, r); }
template<class Op> node const* make_comparison(builder& b, PyObject* r) { return make_two<comparison, Op>(b, r); }
template<template<class> class T, class Op> node const* make_one(builder& b, PyObject* r) {
  auto* const n = operation_of<T<Op>>(b, r);
  n->operand = b.build(field(field(r, 2), 0));
  return n;
}
template<class Op, i64 By, class L> struct step final : operation { // `inc`, whose function takes one
  L operand;
  value run(frame& f) const noexcept override {
    value v = operand.get(f);
    value result = elsewhere;
    if(v.kind == value::integer) result = Op::of(v.bits, By);
    else if(v.kind == value::real) result = Op::of(v.d(), By);
    else if(v.stopped()) return f.failed(place);
    return __builtin_expect(result.kind >= 0, 1) ? result : call(f, &v, 1);
  }
};
template<class Op, i64 By> node const* make_step(builder& b, PyObject* r) {
  PyObject* const arg = field(field(r, 2), 0);
  if(is(arg, "Local")) {
    auto* const n = operation_of<step<Op, By, from_local>>(b, r);
    n->operand = { number(field(arg, 0)) };
    return n;
  }
  auto* const n = operation_of<step<Op, By, from_node>>(b, r);
  n->operand = { b.build(arg) };
  return n;
}
template<look_up Which> node const* make_look_up(builder& b, PyObject* r) {
  auto* const n = operation_of<look_up_node>(b, r);
  n->which = Which;
  n->args = b.build_all(field(r, 2));
  return n;
}
template<bool Expected> node const* make_is_nil(builder& b, PyObject* r) {
  auto* const n = b.make<is_nil>();
  n->operand = b.build(field(field(r, 2), 0));
  n->expected = Expected;
  return n;
}
node const* make_not(builder& b, PyObject* r) {
  auto* const n = b.make<negation>();
  n->operand = b.build(field(field(r, 2), 0));
  return n;
}

struct operation_rule {
  std::string_view name;
  Py_ssize_t arguments; // -1: any number of them
  rule make;
};
constexpr operation_rule rules[] = {
  { "+", 2, make_binary<adding> },
  { "-", 2, make_binary<subtracting> },
  { "*", 2, make_binary<multiplying> },
  { "/", 2, make_binary<dividing> },
  { "quot", 2, make_binary<quotient> },
  { "rem", 2, make_binary<remainder> },
  { "mod", 2, make_binary<modulus> },
  { "inc", 1, make_step<adding, 1> },
  { "dec", 1, make_step<subtracting, 1> },
  { "unchecked-inc", 1, make_step<wrapping_add, 1> },
  { "unchecked-dec", 1, make_step<wrapping_sub, 1> },
  { "unchecked-add", 2, make_binary<wrapping_add> },
  { "unchecked-subtract", 2, make_binary<wrapping_sub> },
  { "unchecked-multiply", 2, make_binary<wrapping_mul> },
  { "bit-and", 2, make_binary<anding> },
  { "bit-or", 2, make_binary<oring> },
  { "bit-xor", 2, make_binary<xoring> },
  { "bit-shift-left", 2, make_binary<shifting_left> },
  { "bit-shift-right", 2, make_binary<shifting_right> },
  { "max", 2, make_binary<maximum> },
  { "min", 2, make_binary<minimum> },
  { "<", 2, make_comparison<less> },
  { "<=", 2, make_comparison<less_or_equal> },
  { ">", 2, make_comparison<greater> },
  { ">=", 2, make_comparison<greater_or_equal> },
  { "==", 2, make_comparison<equal_numbers> },
  { "=", 2, make_comparison<equal_values> },
  { "zero?", 1, make_one<sign, zero> },
  { "pos?", 1, make_one<sign, positive> },
  { "neg?", 1, make_one<sign, negative> },
  { "double", 1, make_one<unary, to_double> },
  { "long", 1, make_one<unary, to_long> },
  { "int", 1, make_one<unary, to_int> },
  { "get", -1, make_look_up<look_up::get> },
  { "nth", -1, make_look_up<look_up::nth> },
  { "count", 1, make_look_up<look_up::count> },
  { "first", 1, make_look_up<look_up::first> },
  { "nil?", 1, make_is_nil<true> },
  { "some?", 1, make_is_nil<false> },
  { "not", 1, make_not },
};

node const* make_core(builder& b, PyObject* r) {
  char const* const name = PyUnicode_AsUTF8(field(r, 0));
  if(!name) throw py_error{};
  PyObject* const args = field(r, 2);
  for(operation_rule const& known : rules)
    if(known.name == name && (known.arguments < 0 || known.arguments == length(args))) return known.make(b, r);
  auto* const n = operation_of<core_call>(b, r);
  n->args = b.build_all(args);
  return n;
}

} // namespace

named_rule const operation_rules[] = { { "Core", make_core }, { {}, nullptr } };

} // namespace ts::tier0
