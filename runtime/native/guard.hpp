// Faults in C++ that scripts name (segmentation faults, traps, aborts, stack overflows, `exit`) become Lisp errors.
//
// A `guard` is a place on the stack to which a fault's signal handler returns. `ts_arm` marks it, like `setjmp`;
// between that and `off` a fault of this thread comes back out of `ts_arm` with a number that is not 0, and
// `landed` makes it the exception of the moment. No destructor runs between the fault and the guard: what those
// frames owned is lost. Only C++ may stand between them: a fault with Python's evaluation loop in between is
// not taken (guard.cpp, `belongs`).
#pragma once
#include "support.hpp"

namespace ts {

struct guard;
struct guarded_thread;

// A call site. Where a fault came up nothing is executed any more until its form is evaluated again.
struct call_site {
  PyObject_HEAD
  std::int64_t closed;
  PyObject* why;   // the exception's text from then on; null while it is open
  PyObject* label; // str: what it calls
};

struct guard {
  void* registers[8];
  guard** top;  // of this thread: the innermost guard that is armed
  PyObject* at; // a call_site
  guard* outer;
  void* caught; // C++ exceptions in hand
  unsigned uncaught;
#if PY_VERSION_HEX >= 0x030D0000
  void* calls; // Python's innermost call
#endif

  TS_API guard() noexcept;
  inline explicit guard(guarded_thread* thread) noexcept; // fault.hpp: the extension's own
  guard(guard const&) = delete;
  TS_INLINE ~guard() { *top = outer; }
  TS_INLINE void off() noexcept { *top = outer; }
};

// After `ts_arm` came back with a number that is not 0: throws the fault, or that the call site is closed.
[[noreturn]] TS_API void landed(guard& g);

extern bool guarding; // internal to the extension: whether faults are taken

TS_API PyObject* any_site() noexcept; // never closed: for what has no place of its own, like destructors

extern "C" TS_API int ts_arm(ts::guard* g, PyObject* site) noexcept __attribute__((returns_twice));

// Calls a function (a destructor, say) that is guarded; true if it went well, else Python's error is set.
TS_API bool call_guarded(void (*f)(void*), void* argument) noexcept;

// The same, telling a fault, which is an event already, from an exception that `f` threw.
enum class guarded_outcome { fine, fault, thrown };
TS_API guarded_outcome run_guarded(void (*f)(void*), void* argument) noexcept;

// What stands in for C's functions of these names: ways_out.cpp.
extern "C" {
[[noreturn]] TS_API void ts_refuse_exit(char const* function, int status) noexcept;
[[noreturn]] TS_API void ts_assert_fail(char const* expression, char const* file, unsigned line,
                                        char const* function) noexcept;
}

} // namespace ts
