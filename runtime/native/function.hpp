// Vars and functions as generated C++ sees them. A `fn` is a closure; what all closures of one `fn*` form
// share, counters and compiled code included, is its `code`.
#pragma once
#include <initializer_list>
#include "support.hpp"

namespace ts {

struct fn;

// The compiled entry of a function: all arities, arguments borrowed, a new reference or null with an error set.
using native_entry = PyObject* (*)(fn* self, PyObject* const* args, Py_ssize_t count);

struct var {
  PyObject_HEAD
  PyObject* root;        // owned; a Python `Unbound` while it has no value
  std::uint64_t version; // rises with every new root
};

struct code {
  PyObject_HEAD
  native_entry native;      // null in tier 0
  PyObject* arities;        // tier 0: tuple of what runs each of them, `tier0::body`
  PyObject* hot;            // called with this object once it is hot; may be null
  PyObject* name;           // str "ns/fn"
  std::uint64_t calls;
  std::uint64_t loops;
  std::uint64_t hot_at;     // calls + loops / loop_weight at which `hot` is called; ~0 for never
  std::uint64_t timed_calls, timed_ns;
  PyObject* const* constants; // what compiled code refers to: Lisp constants, vars, the codes of inner functions
  PyObject* constants_tuple;  // owns them; may be null
  std::uint8_t seen[8];       // tier 0: the kinds of value that each of the first parameters had
  std::uint64_t guard_failures; // calls of compiled code whose assumptions did not hold
  PyObject* failed;           // called with this object after every so many of them; may be null
  std::uint8_t beside;        // what matters on threads other than the window's: `calls_cpp` …
  PyObject* tracked;          // like `arities`, for the thread whose evaluation is tracked; may be null
};

// Kinds of value in a profile.
enum : std::uint8_t { saw_int = 1, saw_double = 2, saw_bool = 4, saw_other = 8 };

// What a function does that matters on threads other than the window's. Its compiled code calls C++ in the midst
// of work on Lisp values, where the GIL cannot be given up: there it runs in tier 0, unless it keeps the GIL.
enum : std::uint8_t { calls_cpp = 1, keeps_gil = 2, draws = 4 };

struct fn {
  PyObject_VAR_HEAD
  vectorcallfunc vectorcall;
  code* shared;
  PyObject* meta;
  PyObject* weakrefs;
  PyObject* captures[1]; // Py_SIZE of them
};

TS_INLINE PyObject* root(var* v) noexcept { return v->root; }
TS_API ref deref_dynamic(var* v); // a var that may have a thread's binding

// Calls any callable Lisp value: functions, keywords, maps, vectors, sets, vars. `args[-1]` must be writable.
TS_API ref call(PyObject* f, PyObject* const* args, Py_ssize_t count);
// The same; what is `given`, arguments that nobody needs any more, goes right after it. The core functions that
// consume a sequence (`set_consumers`) have them to themselves, so that they can let go of what they have seen.
TS_API ref call(PyObject* f, PyObject* const* args, Py_ssize_t count, std::initializer_list<ref*> given);
TS_API ref released(ref made, std::initializer_list<ref*> given);
TS_API bool consumes(PyObject* f) noexcept;
bool consumes(PyObject* f, Py_ssize_t count) noexcept; // and can be called so with so many arguments
TS_API PyObject* consume(PyObject* f, PyObject* args); // a list of them, the last one first, which is emptied

// A closure over `captures` (borrowed) of the function that `shared` describes.
TS_API ref make_fn(code* shared, PyObject* const* captures, Py_ssize_t count);

TS_API PyObject* wrong_arity(fn* self, Py_ssize_t count) noexcept; // sets the error; null
// What a guard at the entry of compiled code does when it fails: the call is counted and goes on in tier 0.
TS_API PyObject* guard_failed(fn* self, PyObject* const* args, Py_ssize_t count) noexcept;
// The arguments from `from` on as a seq, nil when there are none: a variadic function's rest parameter.
TS_API ref rest_args(PyObject* const* args, Py_ssize_t from, Py_ssize_t count);

// Deep recursion ends in an error before the C stack does. The watchdog sets the limit above every frame where the
// thread is to attend: see interrupt.hpp.
// Not thread_local, which would check for an initialiser; every call of tier 0 reads it.
extern TS_API __thread char* stack_limit __attribute__((tls_model("initial-exec")));
TS_API void check_stack_slow(std::size_t reserve = 0);
inline void check_stack() {
  char* const limit = __atomic_load_n(&stack_limit, __ATOMIC_RELAXED);
  if(static_cast<char*>(__builtin_frame_address(0)) < limit || !limit) check_stack_slow();
}

// The same for compiled code, whose thread-local variables Cling does not link: it asks once where the limit stands.
TS_API char* const* stack_floor();
TS_API void check_depth();
TS_INLINE void check_depth(char* const* floor) {
  if(__builtin_expect(static_cast<char*>(__builtin_frame_address(0)) < __atomic_load_n(floor, __ATOMIC_RELAXED), 0))
    check_depth();
}

// Turns the C++ exception that is being handled into Python's error indicator.
TS_API void set_python_error() noexcept;

} // namespace ts
