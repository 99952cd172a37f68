// Tier 0: the lowered AST (runtime/tiers/lowered.py) as a tree of nodes that run in a frame of tagged values. No
// C++ exception passes a node: what fails says so in its value, with Python's error set.
#pragma once
#include "../function.hpp"
#include "../interrupt.hpp"
#include "value.hpp"
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace ts::tier0 {

struct body;

// An activation.
struct frame {
  value* slots;        // parameters, then other locals
  fn* self;            // null in a top-level form
  body const* code;
  int place;           // of what failed; none while it is negative
  PyObject* traced;    // the exception that has this activation in its traceback already; may be null

  // What failed, or passes on that it did, tells where it stands: the innermost is the first to do so.
  value failed(int at) noexcept {
    if(place < 0) place = at;
    return value::failure();
  }
};

struct node {
  virtual value run(frame& f) const noexcept = 0;
  // As a condition: 0, 1, or -1 for a failure.
  virtual int test(frame& f) const noexcept {
    value const v = run(f);
    return v.stopped() ? -1 : v.truth();
  }

protected:
  ~node() = default;
};

// Nodes that one node has, in the body's memory.
struct nodes {
  node const* const* first;
  int count;
  node const* operator[](int i) const noexcept { return first[i]; }
};

// What an arity of a function, or a top-level form, runs: a Python object that owns its nodes and the objects that
// they refer to.
struct body {
  PyObject_HEAD
  node const* root;
  int place;         // of the function itself
  int params;        // required ones; a rest parameter is one more slot
  bool variadic;
  int size;          // slots of a frame
  std::size_t stack; // bytes of the C stack that running it takes at most, without what it calls
  PyObject* name;    // str
  PyObject* places;  // dict for stack traces: "places" is a tuple of spans
  std::vector<PyObject*>* constants;
  std::vector<std::unique_ptr<std::byte[]>>* memory;
};

// Runs an activation whose arguments stand in the first slots, and are its own. There is room for `size` of them.
value activate(body* code, fn* self, value* slots) noexcept;

// An exception leaves an activation: it gets its place in the traceback, once.
void leave(frame& f) noexcept;

// The rest parameter of a variadic function: the values from `from` on, which are consumed, as a seq. Throws.
value rest_of(value* values, int from, int count);

// At the end of a loop's round: false with the error set where this thread is to stop.
bool next_round(frame& f) noexcept;

// Every so often Python's own evaluation loop has its turn: it hands over the GIL and runs signal handlers.
extern std::uint32_t beats;
[[gnu::noinline]] bool pulse() noexcept;
inline bool beat() noexcept { return __builtin_expect(--beats != 0, 1) || pulse(); }

// Calls a Lisp value. The arguments are consumed; the callee is not.
value call_value(PyObject* callee, value* args, int count) noexcept;

// What throws, as a value.
template<class F> value guarded_value(F const& body) noexcept {
  try {
    return body();
  } catch(...) {
    set_python_error();
    return value::failure();
  }
}

// Values in the making, to be let go where one of them fails.
struct pending {
  value* const values;
  int count = 0;
  explicit pending(value* room) noexcept : values(room) {}
  pending(pending const&) = delete;
  ~pending() { for(int i = count; i-- > 0;) values[i].drop(); }
  void forget() noexcept { count = 0; }
  bool all(frame& f, nodes parts) noexcept {
    for(int i = 0; i < parts.count; ++i) {
      value const v = parts[i]->run(f);
      if(v.stopped()) return false;
      values[count++] = v;
    }
    return true;
  }
};

#define TS_VALUES(count) static_cast<ts::tier0::value*>(__builtin_alloca((static_cast<std::size_t>(count) + 1) * sizeof(ts::tier0::value)))

} // namespace ts::tier0
