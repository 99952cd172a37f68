// What is known of a fault, and the thread that it came up in. Internal to the extension.
#pragma once
#include "guard.hpp"
#include <csignal>
#include <cstddef>
#include <sys/types.h>

namespace ts {

constexpr int most_frames = 48; // of a fault's C++ stack

// All of it is written by signal handlers: no memory is taken.
struct fault {
  int signal; // 0 where it is no signal's: `exit` was called, an exception reached a noexcept
  int code;
  void* address;
  bool overflow; // of the stack
  bool escape; // out of C++ that does not end
  bool in_allocator; // whose lock this thread may hold
  unsigned trap; // what Clang says of a trap that it made, from 1; 0 where it says nothing
  int frames;
  void* pcs[most_frames]; // the innermost first
  char text[1024];        // what an assertion, an exception or the C library said; may be empty
};

struct cxx_exceptions { // the C++ library's own record of a thread
  void* caught;
  unsigned uncaught;
};

struct guarded_thread {
  guard* top; // first: `guard::top` points here
  bool pending; // a fault that nobody took yet
  bool walking; // the handler reads the stack, which may fault
  alignas(guard) char walk[sizeof(guard)]; // where it goes on then
  void* stack_low; // the stack's end
  void* alternate; // where signal handlers run
  std::size_t alternate_size;
  cxx_exceptions* exceptions;
  ts::fault fault;
};

guarded_thread* known_thread() noexcept; // null where it has not

extern pid_t guarded_process; // the one in which faults are taken: not what it forks
extern __thread guarded_thread* mine __attribute__((tls_model("initial-exec"), visibility("hidden")));
guarded_thread* new_thread() noexcept;

inline guard::guard(guarded_thread* t) noexcept : top(&t->top), outer(t->top) {
  caught = t->exceptions->caught;
  uncaught = t->exceptions->uncaught;
#if PY_VERSION_HEX >= 0x030D0000
  PyThreadState* const python = _PyThreadState_UncheckedGet();
  calls = python ? python->current_frame : nullptr;
#endif
}

// This thread's record, made when it first arms a guard; and `ts_arm` without the detour of an exported function.
TS_INLINE guarded_thread* my_thread() noexcept { return __builtin_expect(mine != nullptr, 1) ? mine : new_thread(); }
extern "C" int ts_arm_here(guard* g, PyObject* site) noexcept
  __attribute__((returns_twice, visibility("hidden")));

// The thread's innermost guard, if it is armed and only C++ stands between it and here; else null.
guard* reachable(guarded_thread* thread) noexcept;

// Leaves everything above `g`: `ts_arm` comes back there.
extern "C" [[noreturn]] void ts_land(guard* g) noexcept __attribute__((visibility("hidden")));

[[noreturn]] void leave_for(guarded_thread* thread, guard* g) noexcept; // with thread->fault
// The same with a fault that is no signal's, or that of `signal` raised by C++ itself.
[[noreturn]] void leave_with(guarded_thread* thread, guard* g, char const* text, int signal = 0) noexcept;

void note_allocator() noexcept; // that of this thread, before anything goes wrong
void free_allocator() noexcept; // takes this thread's lock off the allocator, where a fault left it
void free_standard_streams() noexcept;

bool init_faults(PyObject* module);

} // namespace ts
