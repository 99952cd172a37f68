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
  bool stays;          // its rounds do not go on in compiled code, which its arguments do not suit

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

// An activation whose frame failed: its place goes into the traceback, its values go.
void end_failed(frame& f) noexcept;
// The rounds of a function that goes round again, from the second on.
value more_rounds(frame& f) noexcept;

// The profile's kinds of parameters.
std::uint8_t kind_of_object(PyObject* o) noexcept;
[[gnu::always_inline]] inline void see(code* shared, value const* values, int count) noexcept {
  for(int i = 0; i < count && i < static_cast<int>(sizeof(code::seen)); ++i) {
    value const v = values[i];
    if(v.kind == value::integer) shared->seen[i] |= saw_int;
    else if(v.kind == value::real) shared->seen[i] |= saw_double;
    else shared->seen[i] |= kind_of_object(v.o());
  }
}

// Runs an activation whose arguments stand in the first slots, and are its own. There is room for `size` of them.
// The body is kept alive by the caller: it may be redefined meanwhile.
[[gnu::always_inline]] inline value activate(body const* code, fn* self, value* slots,
                                                    bool stays = false) noexcept;

// Whether there is room for an activation. Here a thread attends, too, that calls functions.
bool stack_ends(std::size_t needed) noexcept;
[[gnu::always_inline]] inline bool has_room(body const* code) noexcept {
  auto const limit = reinterpret_cast<std::uintptr_t>(__atomic_load_n(&stack_limit, __ATOMIC_RELAXED));
  auto const here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return __builtin_expect(limit && here - code->stack >= limit, 1) || !stack_ends(code->stack);
}

// The body that takes so many arguments; null where none does.
inline body* arity_for(PyObject* arities, Py_ssize_t count) noexcept {
  for(Py_ssize_t i = 0; i < PyTuple_GET_SIZE(arities); ++i) {
    auto* const code = reinterpret_cast<body*>(PyTuple_GET_ITEM(arities, i));
    if(code->variadic ? count >= code->params : count == code->params) return code;
  }
  return nullptr;
}

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

// A call of a function in whichever tier, counted already. The arguments are consumed; the callee is not.
value call_counted(fn* callee, value* args, int count) noexcept;

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

inline value activate(body const* code, fn* self, value* slots, bool stays) noexcept {
  for(int i = code->params + code->variadic; i < code->size; ++i) slots[i] = value::of(std::int64_t{ 0 });
  if(self) see(self->shared, slots, code->params);
  frame f{ slots, self, code, -1, nullptr, stays };
  // Kept as two numbers: as one value it would go through memory in pieces of another size, which is slow.
  std::int64_t kind = value::failed, bits = 0;
  if(__builtin_expect(beat(), 1)) {
    value const result = code->root->run(f);
    kind = result.kind;
    bits = result.bits;
  }
  if(__builtin_expect(kind == value::recur, 0)) {
    value const result = more_rounds(f);
    kind = result.kind;
    bits = result.bits;
  }
  if(__builtin_expect(kind == value::failed, 0)) end_failed(f);
  else
    for(int i = code->size; i-- > 0;) slots[i].drop();
  if(__builtin_expect(f.traced != nullptr, 0)) ts::drop(f.traced);
  return { kind, bits };
}

// Keeps an object while it lives.
struct keeping_alive {
  PyObject* const o;
  explicit keeping_alive(body* code) noexcept : o(reinterpret_cast<PyObject*>(code)) { keep(o); }
  ~keeping_alive() { ts::drop(o); }
  keeping_alive(keeping_alive const&) = delete;
};

#define TS_VALUES(count) static_cast<ts::tier0::value*>(__builtin_alloca((static_cast<std::size_t>(count) + 1) * sizeof(ts::tier0::value)))

} // namespace ts::tier0
