// What only compiled functions need: unboxed Lisp numbers as C++ arguments, exceptions caught by Lisp, entries
// of stack traces.
#pragma once
#include "guard.hpp"
#include "interop.hpp"
#include "look_up.hpp"
#include "iteration.hpp"
#include "num.hpp"

namespace ts {

// --- unboxed Lisp values as C++ arguments: they convert exactly as the boxed ones do -------------

template<class V> struct unboxed {
  V v;
  site where;
  unboxed(V v, site where) noexcept : v(v), where(where) {}
  unboxed(unboxed const& o) noexcept : v(o.v), where(o.where) {} // never silently through C variadics
  template<class T> requires(from_lisp_possible<T>()) operator T() const {
    using U = std::remove_cv_t<T>;
    if constexpr(std::is_floating_point_v<U> && !std::is_same_v<V, bool>) return static_cast<U>(v);
    else if constexpr(std::is_same_v<V, bool> && std::is_same_v<U, bool>) return v;
    else if constexpr(std::is_same_v<V, std::int64_t> && std::is_integral_v<U> && sizeof(U) == 8
                      && std::is_signed_v<U>)
      return static_cast<U>(v);
    else if constexpr(std::is_same_v<V, std::int64_t> && std::is_integral_v<U> && !std::is_same_v<U, bool>) {
      if(static_cast<std::int64_t>(static_cast<U>(v)) == v && (std::is_signed_v<U> || v >= 0))
        return static_cast<U>(v);
    }
    ref const boxed = box(v); // anything else is rare or an error: the boxed way decides
    return from_lisp<U>(boxed.p, where);
  }
};

template<class T, class V> T construct(unboxed<V> const& d) {
  if constexpr(from_lisp_possible<T>()) return static_cast<T>(d);
  else return T(d);
}

inline dyn argument(PyObject* o, site where) noexcept { return { o, where }; }
inline dyn argument(ref const& o, site where) noexcept { return { o.p, where }; }
inline unboxed<std::int64_t> argument(std::int64_t v, site where) noexcept { return { v, where }; }
inline unboxed<double> argument(double v, site where) noexcept { return { v, where }; }
inline unboxed<bool> argument(bool v, site where) noexcept { return { v, where }; }

// --- native locals: their destructors are guarded, and what faults there is told as an event ------

TS_API void end_guarded(void (*destroy)(void*), void* object) noexcept;

template<class T> TS_INLINE void end(T* object) noexcept(std::is_nothrow_destructible_v<T>) {
  if constexpr(!std::is_nothrow_destructible_v<T>) object->~T(); // what it throws is the scope's error
  else if constexpr(!std::is_trivially_destructible_v<T>)
    end_guarded([](void* p) { static_cast<T*>(p)->~T(); }, object);
}

template<class T> union local { // a union, so that `v` is not destroyed otherwise
  T v;
  ~local() noexcept(std::is_nothrow_destructible_v<T>) { end(&v); }
};
template<class T> local(T) -> local<T>;

// The number is wanted: else what computes it, and may fault, would be left out.
template<class T> TS_INLINE void used(T number) noexcept { asm volatile("" : : "m"(number)); }

// --- a native value that a branch assigns later --------------------------------------------------

template<class T> class later {
  alignas(T) unsigned char storage_[sizeof(T)];
  bool made_ = false;

public:
  later() noexcept {}
  later(later const&) = delete;
  ~later() noexcept(std::is_nothrow_destructible_v<T>) {
    if(made_) end(&**this);
  }
  template<class U> later& operator=(U&& from) {
    new(storage_) T(std::forward<U>(from));
    made_ = true;
    return *this;
  }
  T& operator*() noexcept { return *reinterpret_cast<T*>(storage_); }
};

// Guards: true and `out` set when the value is of that kind.
TS_INLINE bool is(PyObject* o, std::int64_t& out) noexcept { return as_int64(o, out); }
TS_INLINE bool is(PyObject* o, double& out) noexcept { return as_double(o, out); }
TS_INLINE bool is(PyObject* o, bool& out) noexcept {
  out = o == Py_True;
  return out || o == Py_False;
}

// An unboxed local that comes from tier 0, whose type is known to be right.
template<class V> V entering(PyObject* o) {
  if constexpr(std::is_same_v<V, bool>) return o == Py_True;
  else if constexpr(std::is_same_v<V, double>) return PyFloat_AS_DOUBLE(o);
  else return to_int64(o, "loop");
}

// --- closures ------------------------------------------------------------------------------------

TS_INLINE PyObject* const* constants(fn* self) noexcept { return self->shared->constants; }
// The table of another function's code, which the caller's own table holds.
TS_INLINE PyObject* const* constants(PyObject* tuple) noexcept { return reinterpret_cast<PyTupleObject*>(tuple)->ob_item; }
TS_INLINE fn* as_fn(PyObject* o) noexcept { return reinterpret_cast<fn*>(o); }
// Whether a var still has the value that the code was compiled for.
TS_INLINE bool holds(PyObject* v, PyObject* value) noexcept { return root(reinterpret_cast<var*>(v)) == value; }
TS_API ref make_fn_with_meta(code* shared, PyObject* const* captures, Py_ssize_t count, PyObject* meta);
TS_API void set_capture(PyObject* f, Py_ssize_t index, PyObject* value);

// --- exceptions ----------------------------------------------------------------------------------

// A call of a compiled function, for stack traces. `traced` is the exception that got this call's entry already.
struct activation {
  char const* function;
  char const* symbol;
  ref traced; // held: another exception must not get its address
};

// The Lisp exception that is being handled, taken out of Python's error indicator, with the place `at` in its
// trace. Works in any catch handler: a C++ exception becomes the Python object that carries it.
TS_API ref caught(activation& here, int at);
// The value that `catch` binds: what was thrown, or the exception itself. An interrupt goes on instead.
TS_API ref thrown_value(ref const& exception);
// Whether a clause that names Python classes (a tuple) takes that value.
TS_API bool is_instance(PyObject* value, PyObject* classes);
[[noreturn]] TS_API void throw_again(ref exception);

// Called in the handler around a function's body: the exception leaves it as Python's error. Null.
TS_API PyObject* leave(activation const& here, int at) noexcept;
// The same in a function that compiled code calls directly: the exception goes on to its caller.
[[noreturn]] TS_API void pass_on(activation const& here, int at);
[[noreturn]] TS_API void pass_on(char const* function, char const* symbol, int at); // where nothing is caught

// The result of such a function for everybody else, boxed; in a handler, its exception as Python's error. Null.
TS_INLINE PyObject* given(PyObject* o) noexcept { return o; }
TS_INLINE PyObject* given(numv owned) { return box(num::own(owned)).release(); }
TS_INLINE PyObject* given(std::int64_t n) { return box(n).release(); }
TS_INLINE PyObject* given(double d) { return box(d).release(); }
TS_INLINE PyObject* given(bool b) { return box(b).release(); }
TS_API PyObject* failed() noexcept;

} // namespace ts
