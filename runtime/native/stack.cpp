// How deep Lisp calls may nest: an error comes before the C stack ends.
#include "function.hpp"
#include "interrupt.hpp"
#include <pthread.h>
#include <cstddef>

namespace ts {

namespace {

constexpr std::size_t stack_margin = 512 * 1024;
// So much of a stack is for Lisp: over ten thousand calls. More would only make runaway recursion slower to
// unwind, which costs up to a millisecond a call where Cling has compiled thousands of units.
constexpr std::size_t stack_share = 4 * 1024 * 1024;

} // namespace

__thread char* stack_limit = nullptr;
static __thread char* stack_end = nullptr; // what `stack_limit` is while the thread need not attend

// `reserve`: how many bytes more must be left.
void check_stack_slow(std::size_t reserve) {
  if(!stack_end) {
    pthread_attr_t attributes;
    void* base = nullptr;
    std::size_t size = 0;
    if(pthread_getattr_np(pthread_self(), &attributes) == 0) {
      pthread_attr_getstack(&attributes, &base, &size);
      pthread_attr_destroy(&attributes);
    }
    std::size_t const used_up = size > stack_share + stack_margin ? size - stack_share : stack_margin;
    // A thread's first exception needs memory of the C++ library's, which ends the process where there is none left.
    try {
      throw 0;
    } catch(int) {}
    stack_end = static_cast<char*>(base) + (size > 2 * stack_margin ? used_up : size / 4);
  }
  __atomic_store_n(&stack_limit, stack_end, __ATOMIC_RELAXED);
  if(static_cast<char*>(__builtin_frame_address(0)) - reserve < stack_end) {
    PyErr_SetString(PyExc_RecursionError, "stack overflow: calls are nested too deeply");
    throw py_error{};
  }
  attend();
}

void check_depth() { check_stack(); }

char* const* stack_floor() {
  check_stack();
  return &stack_limit;
}

} // namespace ts
