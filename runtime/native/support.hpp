// What generated C++ and the native extension share: owned references, Lisp errors, and the operations on
// Lisp values. The extension `_support` defines everything here once, compiled by the system compiler;
// Cling only parses these declarations.
#pragma once
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cstdint>
#include <utility>

#define TS_API __attribute__((visibility("default")))

namespace ts {

// A Python exception on its way through C++ frames. Whoever throws it has set Python's error indicator.
// Not a std::exception: a script that catches C++ exceptions by base class does not catch Lisp errors.
struct TS_API py_error {};

// Continues Python's pending exception in C++: as the C++ exception that it carries, else as py_error.
[[noreturn]] TS_API void raise();

// An owned reference to a Lisp value, never null except when moved from or default-made.
struct ref {
  PyObject* p = nullptr;
  ref() noexcept = default;
  ref(ref const& o) noexcept : p(o.p) { Py_XINCREF(p); }
  ref(ref&& o) noexcept : p(std::exchange(o.p, nullptr)) {}
  ref& operator=(ref o) noexcept { std::swap(p, o.p); return *this; }
  ~ref() { Py_XDECREF(p); }

  // Takes over a new reference as Python's C functions return it; null means an error is set.
  static ref own(PyObject* p) { if(!p) raise(); return ref{ p, 0 }; }
  static ref share(PyObject* p) noexcept { Py_INCREF(p); return ref{ p, 0 }; }
  PyObject* release() noexcept { return std::exchange(p, nullptr); }
  PyObject* get() const noexcept { return p; }

private:
  ref(PyObject* o, int) noexcept : p(o) {}
};

inline bool truthy(PyObject* o) noexcept { return o != Py_None && o != Py_False; }

} // namespace ts

#include "collections.hpp"
#include "equality.hpp"
#include "iteration.hpp"
#include "numbers.hpp"
