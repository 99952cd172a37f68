// What the code of tier 1 consists of: calls of one `frame`, the activation of a function whose values all stand
// in slots. Nothing here is inline or a template: Cling compiles such code without optimising it, and whatever
// inline function it met first there would stay slow for everybody.
//
// Operands are numbers: a slot from 0 up, the constant `~i`, or the root of the var that is the constant
// `~i - var_roots`. `dst` is the slot that gets the result, -1 for none. What returns a `bool` that is not said
// to be an answer returns whether it failed, with Python's error set. No C++ exception passes a frame.
// `place` is the index of what stack traces show of a failure.
#pragma once
#include "function.hpp"

namespace ts {

struct TS_API frame {
  static constexpr int var_roots = 100'000;
  static constexpr int given = 1 << 20; // added to a slot whose value a call takes over

  // --- the activation: `size` slots hold the captures, the function itself, its parameters, then other values;
  // the last `owning` of them the native locals that are to be destroyed when their scopes end
  void enter(fn* self, PyObject** slots, int size, int owning, char const* name, char const* symbol) noexcept;
  void params(PyObject* const* args, Py_ssize_t count) noexcept;
  bool rest(PyObject* const* args, Py_ssize_t count, Py_ssize_t required) noexcept; // with a rest parameter
  PyObject* leave(int result) noexcept;
  PyObject* failed() noexcept; // with the error that is set; null
  PyObject* wrong_arity(Py_ssize_t count) noexcept;

  // --- values
  void set(int dst, int from) noexcept;
  void flag(int dst, bool value) noexcept;
  void recur(int count, ...) noexcept; // pairs of a slot and its next value, all read before any is set
  bool deref(int place, int dst, int var) noexcept; // a dynamic var's value
  bool fn(int dst, int code, int count, ...) noexcept; // a closure and its captures
  void meta(int f, int meta) noexcept;                 // of the closure in a slot
  void capture(int f, int index, int value) noexcept;  // of the closure in a slot

  // --- calls
  bool call(int place, int dst, int callee, int count, ...) noexcept;
  bool stub(int place, int dst, int stub, ...) noexcept; // which says how many operands follow
  void release(int from, int to) noexcept; // the scope of Lisp locals: the slots from..to-1 let go
  bool end(int slot) noexcept; // the scope of a native local; true when its destructor threw

  // At a loop's start: lets other threads run, and fails where this one is to stop.
  bool round(int place) noexcept;

  // --- answers
  bool is(int value) const noexcept; // neither nil nor false
  bool nil(int value) const noexcept;
  bool identical(int a, int b) const noexcept;
  // The number of a `case` clause, -1 for the default, -2 for a failure. `clauses` is a tuple of tuples of
  // constants, or where there are many a function that finds the number.
  int clause(int place, int value, int clauses) noexcept;

  // --- core functions on Lisp values
#define TS_CORE_1(F) F(inc) F(dec) F(zero_p) F(pos_p) F(neg_p) F(count) F(first)
#define TS_CORE_2(F)                                                                                         \
  F(add) F(sub) F(mul) F(div) F(quot) F(rem) F(mod) F(lt) F(le) F(gt) F(ge) F(num_eq) F(equal) F(max) F(min)  \
  F(get) F(nth)
#define TS_CORE_3(F) F(get) F(nth)
#define TS_UNARY(name) bool name(int place, int dst, int a) noexcept;
#define TS_BINARY(name) bool name(int place, int dst, int a, int b) noexcept;
#define TS_TERNARY(name) bool name(int place, int dst, int a, int b, int c) noexcept;
  TS_CORE_1(TS_UNARY)
  TS_CORE_2(TS_BINARY)
  TS_CORE_3(TS_TERNARY)
#undef TS_UNARY
#undef TS_BINARY
#undef TS_TERNARY

  // --- exceptions; `keep` native locals, counted from the outermost, belong to scopes outside of the `try`
  // Takes the error: its exception and the value that `catch` binds. Fails for what Lisp does not catch.
  bool caught(int exception, int value, int keep) noexcept;
  bool instance(int value, int classes) noexcept;              // the answer of a clause that names Lisp types
  bool matches(int dst, int exception, int matcher) noexcept;  // of one that names a C++ type; its value to `dst`
  void rethrow(int exception) noexcept;                        // sets the error, unless another one is set
  void pend(int dst, int keep) noexcept; // before `finally`: takes the error, if there is one
  bool resume(int pending) noexcept;     // after it: whether there was, and is set again

  PyObject** slots;
  PyObject* const* constants;
  ts::fn* self;
  char const* name;
  char const* symbol;
  PyObject* traced; // the exception that has this call in its traceback; may be null
  int size, owning, place;
};

} // namespace ts
