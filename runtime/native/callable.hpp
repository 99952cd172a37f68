// Makes Python callables of C++ functions: METH_FASTCALL wrappers that check the number of arguments and turn
// exceptions into a null result. Internal to the extension.
#pragma once
#include "function.hpp"
#include "support.hpp"
#include <cstddef>

namespace ts {

// A string literal as a template argument.
template<std::size_t N> struct literal {
  char text[N]{};
  constexpr literal(char const (&from)[N]) {
    for(std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
};

inline PyObject* wrong_arity(char const* name, Py_ssize_t count) {
  return PyErr_Format(PyExc_TypeError, "Wrong number of args (%zd) passed to: clojure.core/%s", count, name);
}

using fast_function = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t);
inline PyCFunction fast(fast_function f) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}

template<class F> PyObject* guarded(F const& body) noexcept {
  try {
    return body().release();
  } catch(...) { // a C++ exception too: what is called may be a script's function
    set_python_error();
    return nullptr;
  }
}

template<literal Name, ref (*F)(PyObject*)>
PyObject* unary(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 1) return wrong_arity(Name.text, n);
  return guarded([&] { return F(a[0]); });
}

template<literal Name, bool (*F)(PyObject*)>
PyObject* predicate(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 1) return wrong_arity(Name.text, n);
  return guarded([&] { return box(F(a[0])); });
}

template<literal Name, ref (*F)(PyObject*, PyObject*)>
PyObject* binary(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n != 2) return wrong_arity(Name.text, n);
  return guarded([&] { return F(a[0], a[1]); });
}

// `(f a b c)` is `(f (f a b) c)`; `One` is `(f a)`. No arguments are an error.
template<literal Name, ref (*One)(PyObject*), ref (*F)(PyObject*, PyObject*)>
PyObject* folded(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n == 0) return wrong_arity(Name.text, n);
  return guarded([&] {
    if(n == 1) return One(a[0]);
    ref result = F(a[0], a[1]);
    for(Py_ssize_t i = 2; i < n; ++i) result = F(result.get(), a[i]);
    return result;
  });
}

// The same where no arguments give the integer `Zero`.
template<literal Name, int Zero, ref (*One)(PyObject*), ref (*F)(PyObject*, PyObject*)>
PyObject* summed(PyObject* self, PyObject* const* a, Py_ssize_t n) {
  if(n == 0) return PyLong_FromLong(Zero);
  return folded<Name, One, F>(self, a, n);
}

// `(f a b c)` is true when `(f a b)` and `(f b c)` are; of one argument it is true.
template<literal Name, bool (*F)(PyObject*, PyObject*), bool Expected = true>
PyObject* chained(PyObject*, PyObject* const* a, Py_ssize_t n) {
  if(n == 0) return wrong_arity(Name.text, n);
  return guarded([&] {
    bool holds = true;
    for(Py_ssize_t i = 1; holds && i < n; ++i) holds = F(a[i - 1], a[i]);
    return box(holds == Expected);
  });
}

} // namespace ts
