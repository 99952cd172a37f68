// The GIL around C++ that scripts call on threads other than the window's: given up while the C++ runs, taken
// back for what touches Lisp values. The window's thread keeps it, and pays for a comparison.
#pragma once
#include "support.hpp"
#ifndef __x86_64__
#include <pthread.h>
#endif

namespace ts {

// What tells threads apart, cheaper than a thread-local variable of a library.
TS_INLINE void* this_thread() noexcept {
#ifdef __x86_64__
  void* p;
  asm("mov %%fs:0, %0" : "=r"(p)); // the thread pointer's own address, by the ABI
  return p;
#else
  return reinterpret_cast<void*>(pthread_self());
#endif
}

extern TS_API void* ui_thread; // the one that draws; the one that imported the runtime until somebody says so
TS_INLINE bool beside() noexcept { return __builtin_expect(this_thread() != ui_thread, 0); }

// The GIL is taken while this lives, if this thread had given it up for C++ or never knew Python.
class holding {
  void* state_ = nullptr;

public:
  TS_INLINE holding() { if(beside()) state_ = take(); }
  TS_INLINE ~holding() { if(__builtin_expect(state_ != nullptr, 0)) give(state_); }
  holding(holding const&) = delete;

private:
  TS_API static void* take() noexcept;
  TS_API static void give(void* state) noexcept;
};

// The GIL is given up while this lives, on a thread other than the window's.
class outside {
  bool const stayed_;

public:
  outside() noexcept;
  ~outside();
  outside(outside const&) = delete;
};

// For whoever leaves C++ by another way than its end: the GIL is this thread's again. For C++ that takes Lisp
// values as they are: it stays so until the call ends.
TS_API void hold_on() noexcept;

// Where this thread has whether it gave the GIL up for C++: not null while it did. Others may read it.
void* const* given_up_here() noexcept;

// How many calls of functions that keep the GIL (`^:gil`) are on this thread's stack.
extern __thread int keeping;

// How many calls of C++ that scripts made are on the stack of this thread, which is not the window's.
extern __thread int calls_beside;
struct within_call {
  within_call() noexcept { ++calls_beside; }
  ~within_call() { --calls_beside; }
  within_call(within_call const&) = delete;
};

} // namespace ts
