// `=`, `hash` and `compare` of Lisp values.
#pragma once
#include "support.hpp"

namespace ts {

// Clojure's `=`: numbers of one category by value, sequences by their items whatever their types, maps and sets
// by content. Calls Python for what it does not know, so it may throw whatever an `__eq__` raises.
TS_API bool equal(PyObject* a, PyObject* b);
TS_API bool equal(PyObject* a, std::int64_t b);
TS_API bool equal(PyObject* a, double b);
inline bool equal(std::int64_t a, PyObject* b) { return equal(b, a); }
inline bool equal(double a, PyObject* b) { return equal(b, a); }

// Pointers, but integers and doubles by type and value: whether they were boxed twice must not show.
TS_API bool identical_numbers(PyObject* a, PyObject* b) noexcept;
TS_INLINE bool identical(PyObject* a, PyObject* b) noexcept {
  return a == b || (class_of(a) == class_of(b) && identical_numbers(a, b));
}
TS_INLINE bool identical(std::int64_t a, std::int64_t b) noexcept { return a == b; }

TS_API std::int64_t hash(PyObject* o);                    // equal values have equal hashes
TS_API std::int64_t compare(PyObject* a, PyObject* b);    // below, at or above 0; TypeError for what has no order

} // namespace ts
