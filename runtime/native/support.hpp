// What generated C++ and the native extension share: owned references, Lisp errors, and the operations on
// Lisp values. The extension `_support` defines everything here once, compiled by the system compiler;
// Cling only parses these declarations.
#pragma once
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <cstdint>
#include <utility>

#define TS_API __attribute__((visibility("default")))
// For what hot code consists of. Cling emits an inline function once for the process, so one that a unit compiled
// at level 0 came to first would stay slow in all later ones: these leave nothing to emit.
#define TS_INLINE [[gnu::always_inline]] inline

namespace ts {

// Python's inline functions of the same meaning, for the reason of TS_INLINE.
#if PY_VERSION_HEX < 0x030C0000
TS_INLINE void keep(PyObject* o) noexcept { ++o->ob_refcnt; }
TS_INLINE void drop(PyObject* o) noexcept { if(--o->ob_refcnt == 0) _Py_Dealloc(o); }
#else
TS_INLINE void keep(PyObject* o) noexcept { Py_INCREF(o); }
TS_INLINE void drop(PyObject* o) noexcept { Py_DECREF(o); }
#endif
TS_INLINE PyObject* kept(PyObject* o) noexcept { keep(o); return o; }
TS_INLINE PyTypeObject* class_of(PyObject* o) noexcept { return o->ob_type; }
TS_INLINE Py_ssize_t length_of(PyObject* o) noexcept { return reinterpret_cast<PyVarObject*>(o)->ob_size; }

TS_API void let_go(PyObject* o) noexcept; // `drop` as a call: there are many of them in compiled code

// A Python exception on its way through C++ frames. Whoever throws it has set Python's error indicator.
// Not a std::exception: a script that catches C++ exceptions by base class does not catch Lisp errors.
struct TS_API py_error {};

// Continues Python's pending exception in C++: as the C++ exception that it carries, else as py_error.
[[noreturn]] TS_API void raise();

// An owned reference to a Lisp value, never null except when moved from or default-made.
struct ref {
  PyObject* p = nullptr;
  TS_INLINE ref() noexcept {}
  TS_INLINE ref(ref const& o) noexcept : p(o.p) { if(p) keep(p); }
  TS_INLINE ref(ref&& o) noexcept : p(o.p) { o.p = nullptr; }
  TS_INLINE ref& operator=(ref o) noexcept {
    PyObject* const old = p;
    p = o.p;
    o.p = old;
    return *this;
  }
  TS_INLINE ~ref() { if(p) let_go(p); }

  // Takes over a new reference as Python's C functions return it; null means an error is set.
  TS_INLINE static ref own(PyObject* p) { if(!p) raise(); return ref{ p, 0 }; }
  TS_INLINE static ref share(PyObject* p) noexcept { return ref{ kept(p), 0 }; }
  TS_INLINE PyObject* release() noexcept {
    PyObject* const given = p;
    p = nullptr;
    return given;
  }
  TS_INLINE PyObject* get() const noexcept { return p; }

private:
  TS_INLINE ref(PyObject* o, int) noexcept : p(o) {}
};

TS_INLINE bool truthy(PyObject* o) noexcept { return o != Py_None && o != Py_False; }

} // namespace ts

#include "collections.hpp"
#include "equality.hpp"
#include "iteration.hpp"
#include "numbers.hpp"
