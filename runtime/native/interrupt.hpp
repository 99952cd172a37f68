// Interruption: calls into scripts are watched by a thread that never needs the GIL, and end when they are asked to.
//
// What runs long tests one of two words that the watchdog writes: loops the global `attention`, calls their thread's
// `stack_limit` (see function.hpp), which no frame is above while the thread is to attend. Both lead to `attend`,
// which lets other threads have the GIL, and throws where this thread was asked to stop.
#pragma once
#include <Python.h>
#include <cstdint>

#ifndef TS_API
#define TS_API __attribute__((visibility("default")))
#endif

namespace ts {

// Real-time signals, counted from SIGRTMIN. The first takes a thread out of C++ that does not end: it is sent to a
// thread that was asked to stop and did not for a quarter of a second, and ignored until somebody handles it. The
// second is Python's: it makes the main thread run a handler, whatever it waits in.
constexpr int escape_signal = 4, attend_signal = 5;

// Not zero while a thread is to attend. Relaxed: whoever reads it late reads it again.
extern TS_API std::uint32_t attention;

TS_API void attend(); // throws py_error, with `Interrupted` set, where this thread was asked to stop

[[gnu::always_inline]] inline bool attention_wanted() noexcept {
  return __builtin_expect(__atomic_load_n(&attention, __ATOMIC_RELAXED) != 0, 0);
}

// Whether this thread was asked to stop. `raise_interrupted` is what to do then, with the GIL held and no error set.
TS_API bool asked_to_stop() noexcept;
[[noreturn]] TS_API void raise_interrupted();

// Lets other threads run and raises what a signal handler or an interruption raises.
TS_API void breathe();

} // namespace ts
