// Calls of Lisp functions: counted, sampled, and sent to the tier that they run in. Internal to the extension.
#pragma once
#include "function.hpp"
#include "gil.hpp"

namespace ts {

extern PyTypeObject* fn_type;

PyObject* fn_vectorcall(PyObject* callable, PyObject* const* args, std::size_t flags, PyObject* names);

// Every so many calls of a function one is timed, of one that is called often fewer.
constexpr std::uint64_t timing_interval = 64, rare_interval = 256, often = 1 << 16;
constexpr std::uint64_t loop_weight = 16;     // so many loop iterations count as a call

// The hook of a function that became hot: false with the error set.
bool tell_hot(code* shared) noexcept;

// A call is counted: false with the error set.
TS_INLINE bool count_call(code* shared) noexcept {
  std::uint64_t const calls = ++shared->calls;
  return __builtin_expect(calls + shared->loops / loop_weight < shared->hot_at, 1) || tell_hot(shared);
}
TS_INLINE bool sampled(code const* shared) noexcept {
  std::uint64_t const calls = shared->calls;
  return __builtin_expect(calls % timing_interval == 1, 0) && (calls < often || calls % rare_interval == 1);
}

// The time of a sampled call, for the mean of its function, which it keeps alive.
class sample {
  code* const shared_;
  std::uint64_t const start_;

public:
  explicit sample(code* shared) noexcept;
  ~sample();
  sample(sample const&) = delete;
};

extern unsigned long tracked_thread; // whose calls run what tells of every var they read; 0 for none

// Python: (span or None, the function's name) -> None, called after each stub that tier 0 calls on that thread, whose
// functions all run in tier 0 then. May be null.
extern PyObject* call_observer;
void observe_call(PyObject* span, PyObject* function) noexcept;

// Whether a call on this thread runs the function's usual arities in tier 0.
TS_INLINE bool runs_in_tier_0(code const* shared) noexcept {
  return !shared->native && !tracked_thread && !(shared->beside && beside());
}

// A call that is counted already.
PyObject* run(fn* self, PyObject* const* args, Py_ssize_t count) noexcept;

namespace tier0 {

// Runs one of a function's arities, which are a tuple of bodies; arguments borrowed. Null with the error set. What
// `stays` does not go on in the function's compiled code when it goes round.
PyObject* interpret(fn* self, PyObject* const* args, Py_ssize_t count, PyObject* arities, bool stays) noexcept;

} // namespace tier0
} // namespace ts
