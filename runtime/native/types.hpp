// The Python types that the extension knows by identity, and the Python functions it falls back to. Internal:
// generated code does not see this.
#pragma once
#include "support.hpp"

namespace ts {

struct known_types {
  PyTypeObject* big_int;
  PyTypeObject* fraction;
  PyTypeObject* decimal;
  PyTypeObject* keyword;
  PyTypeObject* symbol;
  PyTypeObject* character;
  PyTypeObject* list;
  PyTypeObject* vector; // pyrsistent.PVector
  PyTypeObject* map;    // immutables.Map
};
extern known_types known;

// Slow paths in Python, set by `_support.set_slow(name, callable)`.
enum class slow : int {
  arithmetic, // (op, a, b): numbers that are not both int or float
  ordering,   // (a, b) -> -1, 0 or 1: numbers of which one is a ratio or decimal
  equal,      // (a, b) -> bool: values of types unknown here
  hash,       // (a) -> int
  compare,    // (a, b) -> int
  get,        // (coll, key, default)
  nth,        // (coll, index, default)
  count,      // (coll)
  first,      // (coll)
  contains,   // (coll, key)
  assoc,      // (coll, key, value)
  conj,       // (coll, item)
  show,       // (a) -> str: a value as an error's text shows it
  count_,
};
// The callable of `which`, borrowed; throws RuntimeError while none is set.
PyObject* slow_path(slow which);

template<class... A> ref call_slow(slow which, A... args) {
  PyObject* const argv[] = { args... };
  return ref::own(PyObject_Vectorcall(slow_path(which), argv, sizeof...(A), nullptr));
}

// The value of a `__slots__` entry, borrowed or null: a load, where the descriptor would be a call.
struct slot {
  Py_ssize_t offset = 0;
  PyObject* of(PyObject* o) const noexcept {
    return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(o) + offset);
  }
  void set(PyObject* o, PyObject* value) const noexcept {
    PyObject** const place = reinterpret_cast<PyObject**>(reinterpret_cast<char*>(o) + offset);
    PyObject* const old = std::exchange(*place, Py_NewRef(value));
    Py_XDECREF(old); // may run Python: the slot is right by then
  }
};
// Throws TypeError when `type` has no such slot.
slot slot_of(PyTypeObject* type, char const* name);

} // namespace ts
